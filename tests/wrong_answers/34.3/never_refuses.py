"""Switches whatever comes: a late, older rebuild replaces a newer one.

expects: WRONG stale
says: comes late
"""


def switch(db, table, offsets):
    new = {one.partition: offset for one, offset in offsets.items()}
    db.execute("BEGIN IMMEDIATE")
    db.execute("DROP TABLE projection")
    db.execute(f"ALTER TABLE {table} RENAME TO projection")
    db.execute("DELETE FROM positions")
    db.executemany("INSERT INTO positions VALUES (?, ?)", new.items())
    db.execute("COMMIT")
    return True
