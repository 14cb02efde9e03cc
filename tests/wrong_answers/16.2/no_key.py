"""The charge inside the transaction, without a key: a rollback takes no charge back.

expects: WRONG duplicated
says: worker 1 was killed after its charge
says: hint 1 of 3
"""

import json


def charge_once(world, db, raw):
    todo = json.loads(raw)
    db.execute("BEGIN IMMEDIATE")
    with db:
        found = db.execute("SELECT result FROM done WHERE id = ?", (todo["id"],)).fetchone()
        if found:
            return found[0]
        number = world.charge(todo["args"]["order"], todo["args"]["cents"])
        db.execute("INSERT INTO done (id, result) VALUES (?, ?)", (todo["id"], number))
        return number
