"""Forgets marks that are older than a day: on Monday the job is new.

expects: WRONG duplicated
says: delivered again on Monday
"""


def once(db, id, effect):
    db.execute("BEGIN IMMEDIATE")
    with db:
        db.execute("DELETE FROM done WHERE at < datetime('now', '-1 day')")
        found = db.execute("SELECT result FROM done WHERE id = ?", (id,)).fetchone()
        if found:
            return found[0]
        result = effect(db)
        db.execute("INSERT INTO done (id, result) VALUES (?, ?)", (id, result))
        return result
