"""The key is a hash of the job as it came: a retry has changed it.

expects: WRONG duplicated
says: then charge-7 was delivered to worker 2, with attempts 2
says: hint 2 of 3
"""

import hashlib
import json


def charge_once(world, db, raw):
    todo, key = json.loads(raw), hashlib.sha256(raw).hexdigest()
    found = db.execute("SELECT result FROM done WHERE id = ?", (todo["id"],)).fetchone()
    if found:
        return found[0]
    number = world.charge(todo["args"]["order"], todo["args"]["cents"], key=key)
    db.execute("INSERT OR IGNORE INTO done (id, result) VALUES (?, ?)", (todo["id"], number))
    return number
