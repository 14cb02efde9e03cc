"""A plain INSERT at the end: the slower of two workers stumbles over the mark of the other.

expects: YOUR CODE RAISED
says: UNIQUE constraint failed: done.id
says: when charge-7 was delivered to worker 2 as well
"""

import json


def charge_once(world, db, raw):
    todo = json.loads(raw)
    found = db.execute("SELECT result FROM done WHERE id = ?", (todo["id"],)).fetchone()
    if found:
        return found[0]
    number = world.charge(todo["args"]["order"], todo["args"]["cents"], key=todo["id"])
    db.execute("INSERT INTO done (id, result) VALUES (?, ?)", (todo["id"], number))
    return number
