"""Always asks the provider unless there is a mark; the mark in a transaction, and the key with the job's name in it."""

import json


def charge_once(world, db, raw):
    match json.loads(raw):
        case {"id": id, "name": name, "args": {"order": order, "cents": cents}}:
            pass
    rows = db.execute("SELECT result FROM done WHERE id = ?", (id,)).fetchall()
    if not rows:
        number = world.charge(order, cents, key=f"{name}/{id}")
        db.execute("BEGIN IMMEDIATE")
        with db:
            db.execute("INSERT INTO done (id, result) VALUES (?, ?) ON CONFLICT DO NOTHING", (id, number))
            rows = db.execute("SELECT result FROM done WHERE id = ?", (id,)).fetchall()
    return rows[0][0]
