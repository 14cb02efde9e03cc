"""All arguments as the key: two instalments of one amount look like one.

expects: WRONG lost
says: another job is another charge
"""

import json


def charge_once(world, db, raw):
    todo = json.loads(raw)
    found = db.execute("SELECT result FROM done WHERE id = ?", (todo["id"],)).fetchone()
    if found:
        return found[0]
    number = world.charge(todo["args"]["order"], todo["args"]["cents"], key=json.dumps(todo["args"]))
    db.execute("INSERT OR IGNORE INTO done (id, result) VALUES (?, ?)", (todo["id"], number))
    return number
