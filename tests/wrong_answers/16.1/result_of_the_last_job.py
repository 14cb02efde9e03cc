"""Finds the job done, and returns whatever result was stored last.

expects: WRONG
says: once returned '0070', then 1002, then 1002, then 1002
"""


def once(db, id, effect):
    db.execute("BEGIN IMMEDIATE")
    with db:
        found = db.execute("SELECT 1 FROM done WHERE id = ?", (id,)).fetchone()
        if found:
            return db.execute("SELECT result FROM done ORDER BY rowid DESC").fetchone()[0]
        result = effect(db)
        db.execute("INSERT INTO done (id, result) VALUES (?, ?)", (id, result))
        return result
