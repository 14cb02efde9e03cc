"""A hash of the id: of a text it is another one in every Python process.

expects: WRONG duplicated
says: worker 1 was killed after its charge
"""

import json


def charge_once(world, db, raw):
    todo = json.loads(raw)
    args = todo["args"]
    found = db.execute("SELECT result FROM done WHERE id = ?", (todo["id"],)).fetchone()
    if found:
        return found[0]
    number = world.charge(args["order"], args["cents"], key=hash(todo["id"]))
    db.execute("INSERT OR IGNORE INTO done (id, result) VALUES (?, ?)", (todo["id"], number))
    return number
