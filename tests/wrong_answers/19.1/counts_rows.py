"""The cursor is the number of rows that were read: OFFSET.

expects: WRONG lost
says: deleted: 12, 3
"""


def customers_after(db, shop, cursor, size):
    offset = cursor or 0
    sql = "SELECT id FROM customers WHERE shop = ? ORDER BY joined, id LIMIT ? OFFSET ?"
    found = db.execute(sql, (shop, size, offset)).fetchall()
    return [(id, offset + n) for n, (id,) in enumerate(found, 1)]
