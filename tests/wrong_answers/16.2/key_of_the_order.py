"""The order's number as the key: its second instalment is never charged.

expects: WRONG lost
says: order 7 is paid in two instalments
"""

import json


def charge_once(world, db, raw):
    todo = json.loads(raw)
    order = todo["args"]["order"]
    found = db.execute("SELECT result FROM done WHERE id = ?", (todo["id"],)).fetchone()
    if found:
        return found[0]
    number = world.charge(order, todo["args"]["cents"], key=f"order-{order}")
    db.execute("INSERT OR IGNORE INTO done (id, result) VALUES (?, ?)", (todo["id"], number))
    return number
