"""Remembers in the memory of the process, beside a row that nobody reads.

expects: WRONG duplicated
says: then invoice-7 was delivered to worker 2
"""

seen = {}


def once(db, id, effect):
    if id not in seen:
        db.execute("BEGIN IMMEDIATE")
        with db:
            seen[id] = effect(db)
            db.execute("INSERT OR REPLACE INTO done (id, result) VALUES (?, ?)", (id, seen[id]))
    return seen[id]
