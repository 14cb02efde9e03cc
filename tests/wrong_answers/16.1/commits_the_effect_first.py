"""Effect and mark in two transactions: killed between the commits, the effect comes again.

expects: WRONG duplicated
says: worker 1 was killed after its first COMMIT
"""


def once(db, id, effect):
    db.execute("BEGIN IMMEDIATE")
    with db:
        found = db.execute("SELECT result FROM done WHERE id = ?", (id,)).fetchone()
        if found:
            return found[0]
        result = effect(db)
    db.execute("BEGIN IMMEDIATE")
    with db:
        db.execute("INSERT INTO done (id, result) VALUES (?, ?)", (id, result))
    return result
