"""Runs executescript inside its transaction, which commits first: what was one becomes two.

expects: WRONG half-built
says: after its COMMIT
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
    db.executescript(f"DROP TABLE projection; ALTER TABLE {table} RENAME TO projection;")
    return True
