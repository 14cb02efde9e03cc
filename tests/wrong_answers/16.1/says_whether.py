"""Returns whether it did the job, and not what the effect returned.

expects: WRONG
says: once returned True, and the number is 1001
"""


def once(db, id, effect):
    db.execute("BEGIN IMMEDIATE")
    with db:
        if db.execute("INSERT OR IGNORE INTO done (id) VALUES (?)", (id,)).rowcount == 0:
            return False
        effect(db)
        return True
