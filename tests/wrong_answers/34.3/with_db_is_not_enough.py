"""Trusts `with db`, which begins no transaction: each statement is committed on its own.

expects: WRONG half-built
says: DROP
"""


def switch(db, table, offsets):
    new = {one.partition: offset for one, offset in offsets.items()}
    shown = dict(db.execute("SELECT partition, position FROM positions"))
    if any(new.get(partition, 0) < position for partition, position in shown.items()):
        return False
    with db:
        db.execute("DROP TABLE projection")
        db.execute(f"ALTER TABLE {table} RENAME TO projection")
        db.execute("DELETE FROM positions")
        db.executemany("INSERT INTO positions VALUES (?, ?)", new.items())
    return True
