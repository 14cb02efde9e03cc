"""Writes the positions in a transaction before that of the rows.

expects: WRONG half-built
says: COMMIT
"""


def switch(db, table, offsets):
    new = {one.partition: offset for one, offset in offsets.items()}
    db.execute("BEGIN IMMEDIATE")
    shown = dict(db.execute("SELECT partition, position FROM positions"))
    if any(new.get(partition, 0) < position for partition, position in shown.items()):
        db.execute("ROLLBACK")
        return False
    db.execute("DELETE FROM positions")
    db.executemany("INSERT INTO positions VALUES (?, ?)", new.items())
    db.execute("COMMIT")
    db.execute("BEGIN IMMEDIATE")
    db.execute("DROP TABLE projection")
    db.execute(f"ALTER TABLE {table} RENAME TO projection")
    db.execute("COMMIT")
    return True
