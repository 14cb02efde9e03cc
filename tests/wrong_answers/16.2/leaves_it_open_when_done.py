"""Commits on its way, and forgets to when the job was done already.

expects: WRONG
says: a transaction is still open
"""

import json


def charge_once(world, db, raw):
    todo = json.loads(raw)
    args = todo["args"]
    db.execute("BEGIN IMMEDIATE")
    found = db.execute("SELECT result FROM done WHERE id = ?", (todo["id"],)).fetchone()
    if found:
        return found[0]
    number = world.charge(args["order"], args["cents"], key=todo["id"])
    db.execute("INSERT INTO done (id, result) VALUES (?, ?)", (todo["id"], number))
    db.commit()
    return number
