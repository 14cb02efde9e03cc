"""A plain BEGIN that writes before it reads, and the constraint's own exception for the second."""


import sqlite3


def once(db, id, effect):
    db.execute("BEGIN")
    with db:
        try:
            db.execute("INSERT INTO done (id) VALUES (?)", (id,))
        except sqlite3.IntegrityError:
            return db.execute("SELECT result FROM done WHERE id = ?", (id,)).fetchone()[0]
        result = effect(db)
        db.execute("UPDATE done SET result = ? WHERE id = ?", (result, id))
        return result
