"""Swaps the rows and leaves the old positions: live goes on from there and folds again.

expects: WRONG half-built
says: neither the old projection nor the new one
"""


def switch(db, table, offsets):
    new = {one.partition: offset for one, offset in offsets.items()}
    db.execute("BEGIN IMMEDIATE")
    shown = dict(db.execute("SELECT partition, position FROM positions"))
    if any(new.get(partition, 0) < position for partition, position in shown.items()):
        db.execute("ROLLBACK")
        return False
    db.execute("DROP TABLE projection")
    db.execute(f"ALTER TABLE {table} RENAME TO projection")
    db.execute("COMMIT")
    return True
