"""Does it right, in a table that nobody else knows.

expects: WRONG
says: the table done has no row
"""


def once(db, id, effect):
    db.execute("BEGIN IMMEDIATE")
    with db:
        db.execute("CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY, result)")
        found = db.execute("SELECT result FROM seen WHERE id = ?", (id,)).fetchone()
        if found:
            return found[0]
        result = effect(db)
        db.execute("INSERT INTO seen (id, result) VALUES (?, ?)", (id, result))
        return result
