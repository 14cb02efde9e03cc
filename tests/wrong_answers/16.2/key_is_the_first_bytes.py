"""The first bytes of the job, which has its id in front: until an id is longer.

expects: WRONG lost
says: charge-7-instalment-july was never charged
"""

import json


def charge_once(world, db, raw):
    todo = json.loads(raw)
    args = todo["args"]
    found = db.execute("SELECT result FROM done WHERE id = ?", (todo["id"],)).fetchone()
    if found:
        return found[0]
    number = world.charge(args["order"], args["cents"], key=raw[:30])
    db.execute("INSERT OR IGNORE INTO done (id, result) VALUES (?, ?)", (todo["id"], number))
    return number
