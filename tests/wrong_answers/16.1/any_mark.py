"""Looks whether there is a mark, of whatever job.

expects: WRONG lost
says: invoice-7 was never done
"""


def once(db, id, effect):
    db.execute("BEGIN IMMEDIATE")
    with db:
        found = db.execute("SELECT result FROM done").fetchone()
        if found:
            return found[0]
        result = effect(db)
        db.execute("INSERT INTO done (id, result) VALUES (?, ?)", (id, result))
        return result
