"""Takes a result of None for a job that was never done.

expects: YOUR CODE RAISED
says: UNIQUE constraint failed: done.id
"""


def once(db, id, effect):
    db.execute("BEGIN IMMEDIATE")
    with db:
        result = (db.execute("SELECT result FROM done WHERE id = ?", (id,)).fetchone() or [None])[0]
        if result is None:
            result = effect(db)
            db.execute("INSERT INTO done (id, result) VALUES (?, ?)", (id, result))
        return result
