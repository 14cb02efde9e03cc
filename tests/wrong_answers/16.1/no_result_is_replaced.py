"""Takes a result of None for a job that was never done, and replaces the row.

expects: WRONG duplicated
says: its effect returned None
"""


def once(db, id, effect):
    db.execute("BEGIN IMMEDIATE")
    with db:
        result = (db.execute("SELECT result FROM done WHERE id = ?", (id,)).fetchone() or [None])[0]
        if result is None:
            result = effect(db)
            db.execute("INSERT OR REPLACE INTO done (id, result) VALUES (?, ?)", (id, result))
        return result
