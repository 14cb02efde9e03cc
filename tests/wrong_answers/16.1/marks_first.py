"""Marks first, without a transaction: killed after the mark, the job is never done.

expects: WRONG lost
says: worker 1 was killed after its first INSERT
says: invoice-7 was accepted, and is in no place
"""


def once(db, id, effect):
    if db.execute("INSERT OR IGNORE INTO done (id) VALUES (?)", (id,)).rowcount == 0:
        return db.execute("SELECT result FROM done WHERE id = ?", (id,)).fetchone()[0]
    result = effect(db)
    db.execute("UPDATE done SET result = ? WHERE id = ?", (result, id))
    return result
