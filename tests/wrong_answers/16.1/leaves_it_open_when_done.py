"""Commits on its way, and forgets to when the job was done already.

expects: WRONG
says: delivered one after another: invoice-70, invoice-7, invoice-70
says: a transaction is still open
"""


def once(db, id, effect):
    db.execute("BEGIN IMMEDIATE")
    try:
        found = db.execute("SELECT result FROM done WHERE id = ?", (id,)).fetchone()
        if found:
            return found[0]
        result = effect(db)
        db.execute("INSERT INTO done (id, result) VALUES (?, ?)", (id, result))
        db.commit()
        return result
    except BaseException:
        db.rollback()
        raise
