"""Takes invoice-70 for invoice-7.

expects: WRONG lost
says: invoice-7 was never done
"""


def once(db, id, effect):
    db.execute("BEGIN IMMEDIATE")
    with db:
        found = db.execute(f"SELECT result FROM done WHERE id LIKE '{id}%'").fetchone()
        if found:
            return found[0]
        result = effect(db)
        db.execute("INSERT INTO done (id, result) VALUES (?, ?)", (id, result))
        return result
