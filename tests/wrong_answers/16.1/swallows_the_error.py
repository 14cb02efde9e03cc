"""Rolls back, and keeps the exception to itself: the job counts as done.

expects: WRONG
says: once returned None
says: what the effect raises reaches the caller as it is
"""


def once(db, id, effect):
    db.execute("BEGIN IMMEDIATE")
    try:
        found = db.execute("SELECT result FROM done WHERE id = ?", (id,)).fetchone()
        if found is None:
            found = [effect(db)]
            db.execute("INSERT INTO done (id, result) VALUES (?, ?)", (id, found[0]))
        db.execute("COMMIT")
        return found[0]
    except Exception:
        db.execute("ROLLBACK")
