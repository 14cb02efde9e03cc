"""The mark comes first in the transaction, and a failed effect is committed with it.

expects: WRONG
says: its id is in done
"""


def once(db, id, effect):
    db.execute("BEGIN IMMEDIATE")
    if db.execute("INSERT OR IGNORE INTO done (id) VALUES (?)", (id,)).rowcount == 0:
        db.execute("COMMIT")
        return db.execute("SELECT result FROM done WHERE id = ?", (id,)).fetchone()[0]
    db.execute("SAVEPOINT effect")
    try:
        result = effect(db)
        db.execute("UPDATE done SET result = ? WHERE id = ?", (result, id))
    except Exception:
        db.execute("ROLLBACK TO effect")
        raise
    finally:
        db.execute("COMMIT")
    return result
