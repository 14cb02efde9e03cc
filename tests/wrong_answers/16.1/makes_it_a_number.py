"""A result that was a text comes back as a number.

expects: WRONG
says: once returned '0070', then 1002, then 70, then 1002
says: as it was
"""


def once(db, id, effect):
    db.execute("BEGIN IMMEDIATE")
    with db:
        found = db.execute("SELECT result FROM done WHERE id = ?", (id,)).fetchone()
        if found:
            return found[0] and int(found[0])
        result = effect(db)
        db.execute("INSERT INTO done (id, result) VALUES (?, ?)", (id, result))
        return result
