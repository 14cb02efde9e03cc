"""The mark has no result in it; the number is looked up elsewhere.

expects: WRONG
says: once returned '0070', then 1002, then 1002, then 1002
"""


def once(db, id, effect):
    db.execute("BEGIN IMMEDIATE")
    with db:
        if db.execute("SELECT 1 FROM done WHERE id = ?", (id,)).fetchone():
            return db.execute("SELECT max(number) FROM invoices").fetchone()[0]
        result = effect(db)
        db.execute("INSERT INTO done (id) VALUES (?)", (id,))
        return result
