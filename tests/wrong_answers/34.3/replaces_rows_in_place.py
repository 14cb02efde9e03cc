"""Empties the table that readers see and fills it again, statement by statement.

expects: WRONG half-built
says: DELETE
"""


def switch(db, table, offsets):
    new = {one.partition: offset for one, offset in offsets.items()}
    shown = dict(db.execute("SELECT partition, position FROM positions"))
    if any(new.get(partition, 0) < position for partition, position in shown.items()):
        return False
    db.execute("DELETE FROM projection")
    db.execute(f"INSERT INTO projection SELECT * FROM {table}")
    db.execute("DELETE FROM positions")
    db.executemany("INSERT INTO positions VALUES (?, ?)", new.items())
    return True
