"""The right key, and a mark under the order's number.

expects: WRONG lost
says: order 7 is paid in two instalments
"""

import json


def charge_once(world, db, raw):
    todo = json.loads(raw)
    order = str(todo["args"]["order"])
    found = db.execute("SELECT result FROM done WHERE id = ?", (order,)).fetchone()
    if found:
        return found[0]
    number = world.charge(order, todo["args"]["cents"], key=todo["id"])
    db.execute("INSERT OR IGNORE INTO done (id, result) VALUES (?, ?)", (order, number))
    return number
