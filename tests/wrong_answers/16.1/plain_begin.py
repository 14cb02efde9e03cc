"""A plain BEGIN: both read first, and the second to write gets an error instead of its turn.

expects: YOUR CODE RAISED
says: OperationalError: database is locked
says: when invoice-7 was delivered to worker 2 as well
"""


def once(db, id, effect):
    db.execute("BEGIN")
    with db:
        found = db.execute("SELECT result FROM done WHERE id = ?", (id,)).fetchone()
        if found:
            return found[0]
        result = effect(db)
        db.execute("INSERT INTO done (id, result) VALUES (?, ?)", (id, result))
        return result
