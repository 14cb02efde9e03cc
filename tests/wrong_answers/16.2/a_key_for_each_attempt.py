"""A random key, as the providers' examples have it, made anew in each attempt.

expects: WRONG duplicated
says: worker 1 was killed after its charge
"""

import json
import uuid


def charge_once(world, db, raw):
    todo = json.loads(raw)
    found = db.execute("SELECT result FROM done WHERE id = ?", (todo["id"],)).fetchone()
    if found:
        return found[0]
    number = world.charge(todo["args"]["order"], todo["args"]["cents"], key=str(uuid.uuid4()))
    db.execute("INSERT OR IGNORE INTO done (id, result) VALUES (?, ?)", (todo["id"], number))
    return number
