"""An IntegrityError means that the mark is there already: unless it is the effect's own.

expects: WRONG
says: wrote an invoice and then raised IntegrityError
says: once returned None
"""

import sqlite3


def once(db, id, effect):
    db.execute("BEGIN IMMEDIATE")
    try:
        with db:
            result = effect(db)
            db.execute("INSERT INTO done (id, result) VALUES (?, ?)", (id, result))
            return result
    except sqlite3.IntegrityError:
        found = db.execute("SELECT result FROM done WHERE id = ?", (id,)).fetchone()
        return found and found[0]
