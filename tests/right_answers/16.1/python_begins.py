"""Python's own mode, in which it begins a transaction before the first INSERT; put back afterwards."""


def once(db, id, effect):
    before, db.isolation_level = db.isolation_level, "IMMEDIATE"
    try:
        with db:
            new = db.execute("INSERT OR IGNORE INTO done (id) VALUES (?)", (id,)).rowcount
            if new:
                db.execute("UPDATE done SET result = ? WHERE id = ?", (effect(db), id))
        return db.execute("SELECT result FROM done WHERE id = ?", (id,)).fetchone()[0]
    finally:
        db.isolation_level = before
