"""Charged once, but whoever comes second learns no number.

expects: WRONG
says: charge_once returned
says: every delivery of a job gets the result of the one that did it
"""

import json


def charge_once(world, db, raw):
    todo = json.loads(raw)
    if db.execute("SELECT 1 FROM done WHERE id = ?", (todo["id"],)).fetchone():
        return None
    number = world.charge(todo["args"]["order"], todo["args"]["cents"], key=todo["id"])
    db.execute("INSERT OR IGNORE INTO done (id, result) VALUES (?, ?)", (todo["id"], number))
    return number
