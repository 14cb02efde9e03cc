"""Has the name of the lab's table in it, and not the one that it was given.

expects: YOUR CODE RAISED
says: no such table: projection_next
says: rebuilt_on_monday
"""


def switch(db, table, offsets):
    new = {one.partition: offset for one, offset in offsets.items()}
    db.execute("BEGIN IMMEDIATE")
    shown = dict(db.execute("SELECT partition, position FROM positions"))
    if any(new.get(partition, 0) < position for partition, position in shown.items()):
        db.execute("ROLLBACK")
        return False
    db.execute("DROP TABLE projection")
    db.execute("ALTER TABLE projection_next RENAME TO projection")
    db.execute("DELETE FROM positions")
    db.executemany("INSERT INTO positions VALUES (?, ?)", new.items())
    db.execute("COMMIT")
    return True
