"""Compares the positions before its transaction begins: a newer rebuild gets in between.

expects: WRONG stale
says: a newer rebuild switched right before the BEGIN
"""


def switch(db, table, offsets):
    new = {one.partition: offset for one, offset in offsets.items()}
    shown = dict(db.execute("SELECT partition, position FROM positions"))
    if any(new.get(partition, 0) < position for partition, position in shown.items()):
        return False
    db.execute("BEGIN IMMEDIATE")
    db.execute("DROP TABLE projection")
    db.execute(f"ALTER TABLE {table} RENAME TO projection")
    db.execute("DELETE FROM positions")
    db.executemany("INSERT INTO positions VALUES (?, ?)", new.items())
    db.execute("COMMIT")
    return True
