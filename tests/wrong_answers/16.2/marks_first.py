"""Marks, then charges: killed in between, the card is never charged.

expects: WRONG lost
says: worker 1 was killed after its INSERT
"""

import json


def charge_once(world, db, raw):
    todo = json.loads(raw)
    if not db.execute("INSERT OR IGNORE INTO done (id) VALUES (?)", (todo["id"],)).rowcount:
        return db.execute("SELECT result FROM done WHERE id = ?", (todo["id"],)).fetchone()[0]
    number = world.charge(todo["args"]["order"], todo["args"]["cents"], key=todo["id"])
    db.execute("UPDATE done SET result = ? WHERE id = ?", (number, todo["id"]))
    return number
