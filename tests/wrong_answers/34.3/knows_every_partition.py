"""Looks up what readers see of each partition, and stumbles over one that is new.

expects: YOUR CODE RAISED
says: KeyError
says: partition 2: 5
"""


def switch(db, table, offsets):
    new = {one.partition: offset for one, offset in offsets.items()}
    db.execute("BEGIN IMMEDIATE")
    shown = dict(db.execute("SELECT partition, position FROM positions"))
    if any(offset < shown[partition] for partition, offset in new.items()):
        db.execute("ROLLBACK")
        return False
    db.execute("DROP TABLE projection")
    db.execute(f"ALTER TABLE {table} RENAME TO projection")
    db.execute("DELETE FROM positions")
    db.executemany("INSERT INTO positions VALUES (?, ?)", new.items())
    db.execute("COMMIT")
    return True
