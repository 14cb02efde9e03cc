"""Copies the rows into the table that readers see, all in one transaction by `with db` and BEGIN."""


def switch(db, table, offsets):
    with db:
        db.execute("BEGIN IMMEDIATE")
        for one, offset in db.execute("SELECT partition, position FROM positions").fetchall():
            if {p.partition: o for p, o in offsets.items()}.get(one, -1) < offset:
                return False
        db.execute("DELETE FROM projection")
        db.execute(f"INSERT INTO projection SELECT * FROM {table}")
        for one, offset in offsets.items():
            db.execute(
                "INSERT INTO positions VALUES (?, ?) ON CONFLICT (partition) DO UPDATE SET position = excluded.position",
                (one.partition, offset),
            )
    return True
