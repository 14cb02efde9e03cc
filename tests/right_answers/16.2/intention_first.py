"""Writes down its intention with a random key of its own, commits that, then charges with whatever key stands there."""

import json
import uuid


def charge_once(world, db, raw):
    todo = json.loads(raw)
    db.execute("INSERT OR IGNORE INTO done (id, result) VALUES (?, ?)", (todo["id"], str(uuid.uuid4())))
    (known,) = db.execute("SELECT result FROM done WHERE id = ?", (todo["id"],)).fetchone()
    if isinstance(known, int):
        return known
    number = world.charge(todo["args"]["order"], todo["args"]["cents"], key=known)
    db.execute("UPDATE done SET result = ? WHERE id = ?", (number, todo["id"]))
    return number
