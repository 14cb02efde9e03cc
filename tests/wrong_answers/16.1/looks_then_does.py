"""Looks, does, marks, without a transaction: three moments to die in, and two workers both find no mark.

expects: WRONG duplicated
says: worker 1 was killed after its first INSERT
"""


def once(db, id, effect):
    found = db.execute("SELECT result FROM done WHERE id = ?", (id,)).fetchone()
    if found:
        return found[0]
    result = effect(db)
    db.execute("INSERT INTO done (id, result) VALUES (?, ?)", (id, result))
    return result
