"""The cursor is an id, whose day is looked up: the customer may be gone.

expects: WRONG lost
says: deleted: 4
"""


def customers_after(db, shop, cursor, size):
    sql = """
    SELECT id FROM customers
    WHERE shop = ? AND (joined, id) > (SELECT joined, id FROM customers WHERE id = ?) ORDER BY joined, id LIMIT ?
    """
    if cursor is None:
        sql = "SELECT id FROM customers WHERE shop = ? AND ? IS NULL ORDER BY joined, id LIMIT ?"
    return [(id, id) for (id,) in db.execute(sql, (shop, cursor, size))]
