"""Rolls nothing back when the effect raises: the lock stays with a connection that does not need it.

expects: WRONG
says: a transaction is still open
"""


def once(db, id, effect):
    db.execute("BEGIN IMMEDIATE")
    found = db.execute("SELECT result FROM done WHERE id = ?", (id,)).fetchone()
    if found is None:
        found = [effect(db)]
        db.execute("INSERT INTO done (id, result) VALUES (?, ?)", (id, found[0]))
    db.execute("COMMIT")
    return found[0]
