"""Updates the positions that are there: one of a new partition is never written.

expects: WRONG half-built
says: covers a partition more
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
    for partition, offset in new.items():
        db.execute("UPDATE positions SET position = ? WHERE partition = ?", (offset, partition))
    db.execute("COMMIT")
    return True
