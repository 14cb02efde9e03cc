"""Forgets marks after ten years: that is a window as well.

expects: WRONG duplicated
says: done eleven years ago
"""


def once(db, id, effect):
    db.execute("BEGIN IMMEDIATE")
    with db:
        db.execute("DELETE FROM done WHERE at < datetime('now', '-10 years')")
        found = db.execute("SELECT result FROM done WHERE id = ?", (id,)).fetchone()
        if found:
            return found[0]
        result = effect(db)
        db.execute("INSERT INTO done (id, result) VALUES (?, ?)", (id, result))
        return result
