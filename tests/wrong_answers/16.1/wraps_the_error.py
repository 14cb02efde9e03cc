"""The caller gets an exception, and not the one that the effect raised.

expects: WRONG
says: raised OutOfStock
says: once raised RuntimeError
"""


def once(db, id, effect):
    db.execute("BEGIN IMMEDIATE")
    with db:
        found = db.execute("SELECT result FROM done WHERE id = ?", (id,)).fetchone()
        if found:
            return found[0]
        try:
            result = effect(db)
        except Exception as error:
            raise RuntimeError("the effect failed") from error
        db.execute("INSERT INTO done (id, result) VALUES (?, ?)", (id, result))
        return result
