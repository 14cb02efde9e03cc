"""The second delivery gets nothing: the mail to the customer has no invoice number.

expects: WRONG
says: once returned '0070', then 1002, then None, then None
says: every delivery of a job gets the result of the one that did it
"""


def once(db, id, effect):
    db.execute("BEGIN IMMEDIATE")
    with db:
        if db.execute("SELECT 1 FROM done WHERE id = ?", (id,)).fetchone():
            return None
        result = effect(db)
        db.execute("INSERT INTO done (id, result) VALUES (?, ?)", (id, result))
        return result
