"""Begins a transaction for its mark, and returns before it is committed.

expects: WRONG
says: a transaction is still open
"""

import json


def charge_once(world, db, raw):
    todo = json.loads(raw)
    db.execute("BEGIN IMMEDIATE")
    found = db.execute("SELECT result FROM done WHERE id = ?", (todo["id"],)).fetchone()
    if found:
        return found[0]
    number = world.charge(todo["args"]["order"], todo["args"]["cents"], key=todo["id"])
    db.execute("INSERT INTO done (id, result) VALUES (?, ?)", (todo["id"], number))
    return number
