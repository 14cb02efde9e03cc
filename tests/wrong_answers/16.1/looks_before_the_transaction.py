"""Looks before the transaction begins: what was true then need not be true in it.

expects: WRONG duplicated
says: worker 1 stood right before its BEGIN
"""


def once(db, id, effect):
    found = db.execute("SELECT result FROM done WHERE id = ?", (id,)).fetchone()
    if found:
        return found[0]
    db.execute("BEGIN IMMEDIATE")
    with db:
        result = effect(db)
        db.execute("INSERT OR REPLACE INTO done (id, result) VALUES (?, ?)", (id, result))
    return result
