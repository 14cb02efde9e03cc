"""Charges 49.00 for whatever.

expects: WRONG
says: 4900 cents were charged for '8', and not 1990 for '8'
"""

import json


def charge_once(world, db, raw):
    todo = json.loads(raw)
    args = todo["args"]
    found = db.execute("SELECT result FROM done WHERE id = ?", (todo["id"],)).fetchone()
    if found:
        return found[0]
    number = world.charge(args["order"], 4900, key=todo["id"])
    db.execute("INSERT OR IGNORE INTO done (id, result) VALUES (?, ?)", (todo["id"], number))
    return number
