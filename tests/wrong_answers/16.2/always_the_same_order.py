"""Charges everything for order 7.

expects: WRONG
says: 1990 cents were charged for '7', and not 1990 for '8'
"""

import json


def charge_once(world, db, raw):
    todo = json.loads(raw)
    args = todo["args"]
    found = db.execute("SELECT result FROM done WHERE id = ?", (todo["id"],)).fetchone()
    if found:
        return found[0]
    number = world.charge(7, args["cents"], key=todo["id"])
    db.execute("INSERT OR IGNORE INTO done (id, result) VALUES (?, ?)", (todo["id"], number))
    return number
