"""The mark first, in the same transaction, and no `with`: whoever cannot insert it comes second."""


def once(db, id, effect):
    db.execute("BEGIN IMMEDIATE")
    try:
        if db.execute("INSERT OR IGNORE INTO done (id) VALUES (?)", (id,)).rowcount == 1:
            db.execute("UPDATE done SET result = ? WHERE id = ?", (effect(db), id))
        (result,) = db.execute("SELECT result FROM done WHERE id = ?", (id,)).fetchone()
        db.execute("COMMIT")
        return result
    except BaseException:
        db.execute("ROLLBACK")
        raise
