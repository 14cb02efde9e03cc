"""Renames the old table to a fixed name, which is taken at the next switch.

expects: YOUR CODE RAISED
says: projection_old
"""


def switch(db, table, offsets):
    new = {one.partition: offset for one, offset in offsets.items()}
    db.execute("BEGIN IMMEDIATE")
    shown = dict(db.execute("SELECT partition, position FROM positions"))
    if any(new.get(partition, 0) < position for partition, position in shown.items()):
        db.execute("ROLLBACK")
        return False
    db.execute("ALTER TABLE projection RENAME TO projection_old")
    db.execute(f"ALTER TABLE {table} RENAME TO projection")
    db.execute("DELETE FROM positions")
    db.executemany("INSERT INTO positions VALUES (?, ?)", new.items())
    db.execute("COMMIT")
    return True
