"""Compares the sums of the positions: ahead in one partition hides behind in another.

expects: WRONG stale
says: covers 40 and 25
"""


def switch(db, table, offsets):
    new = {one.partition: offset for one, offset in offsets.items()}
    db.execute("BEGIN IMMEDIATE")
    shown = dict(db.execute("SELECT partition, position FROM positions"))
    if sum(new.values()) < sum(shown.values()):
        db.execute("ROLLBACK")
        return False
    db.execute("DROP TABLE projection")
    db.execute(f"ALTER TABLE {table} RENAME TO projection")
    db.execute("DELETE FROM positions")
    db.executemany("INSERT INTO positions VALUES (?, ?)", new.items())
    db.execute("COMMIT")
    return True
