"""Begins, and never commits: all is undone when the connection closes.

expects: WRONG
says: invoice-7 was delivered for the first time
says: a transaction is still open
"""


def once(db, id, effect):
    db.execute("BEGIN IMMEDIATE")
    found = db.execute("SELECT result FROM done WHERE id = ?", (id,)).fetchone()
    if found:
        return found[0]
    result = effect(db)
    db.execute("INSERT INTO done (id, result) VALUES (?, ?)", (id, result))
    return result
