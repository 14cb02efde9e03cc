"""A random key, remembered before the charge, in a transaction that the kill undoes.

expects: WRONG duplicated
says: worker 1 was killed after its charge
"""

import json
import uuid


def charge_once(world, db, raw):
    todo = json.loads(raw)
    db.execute("BEGIN IMMEDIATE")
    with db:
        found = db.execute("SELECT result FROM done WHERE id = ?", (todo["id"],)).fetchone()
        if found:
            return found[0]
        db.execute("INSERT INTO done (id, result) VALUES (?, ?)", (todo["id"], str(uuid.uuid4())))
        (key,) = db.execute("SELECT result FROM done WHERE id = ?", (todo["id"],)).fetchone()
        number = world.charge(todo["args"]["order"], todo["args"]["cents"], key=key)
        db.execute("UPDATE done SET result = ? WHERE id = ?", (number, todo["id"]))
        return number
