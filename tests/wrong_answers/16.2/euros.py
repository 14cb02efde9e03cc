"""Charges euros where cents are meant.

expects: WRONG
says: 49 cents were charged for '7', and not 4900 for '7'
"""

import json


def charge_once(world, db, raw):
    todo = json.loads(raw)
    found = db.execute("SELECT result FROM done WHERE id = ?", (todo["id"],)).fetchone()
    if found:
        return found[0]
    number = world.charge(todo["args"]["order"], todo["args"]["cents"] // 100, key=todo["id"])
    db.execute("INSERT OR IGNORE INTO done (id, result) VALUES (?, ?)", (todo["id"], number))
    return number
