"""Lets SQL find a partition that is behind, begins a plain transaction and rolls back by hand."""


def switch(db, table, offsets):
    new = {one.partition: offset for one, offset in offsets.items()}
    db.execute("BEGIN")
    behind = 0
    for one, offset in new.items():
        behind += db.execute(
            "SELECT count(*) FROM positions WHERE partition = ? AND position > ?", (one, offset)
        ).fetchone()[0]
    known = [row[0] for row in db.execute("SELECT partition FROM positions")]
    if behind or not set(known) <= set(new):
        db.rollback()
        return False
    db.execute("DROP TABLE projection")
    db.execute(f"ALTER TABLE {table} RENAME TO projection")
    for one, offset in new.items():
        db.execute("REPLACE INTO positions VALUES (?, ?)", (one, offset))
    db.commit()
    return True
