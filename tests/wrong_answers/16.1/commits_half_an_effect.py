"""Commits in a `finally`: also the half of an effect that failed.

expects: WRONG
says: afterwards its invoice is there
says: neither half an effect nor a mark
"""


def once(db, id, effect):
    db.execute("BEGIN IMMEDIATE")
    try:
        found = db.execute("SELECT result FROM done WHERE id = ?", (id,)).fetchone()
        if found:
            return found[0]
        result = effect(db)
        db.execute("INSERT INTO done (id, result) VALUES (?, ?)", (id, result))
        return result
    finally:
        db.execute("COMMIT")
