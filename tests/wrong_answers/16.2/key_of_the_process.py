"""The key has the worker in it, and two workers do not know each other's.

expects: WRONG duplicated
says: then charge-7 was delivered to worker 2
"""

import json
import os


def charge_once(world, db, raw):
    todo = json.loads(raw)
    found = db.execute("SELECT result FROM done WHERE id = ?", (todo["id"],)).fetchone()
    if found:
        return found[0]
    number = world.charge(todo["args"]["order"], todo["args"]["cents"], key=f"{os.getpid()}-{todo['id']}")
    db.execute("INSERT OR IGNORE INTO done (id, result) VALUES (?, ?)", (todo["id"], number))
    return number
