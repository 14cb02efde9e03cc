"""Goes no further than whoever was the last customer when it began.

expects: WRONG lost
says: customer 1000 was added with the day 2026-11-30
"""


def customers_after(db, shop, cursor, size):
    if cursor is None:
        sql = "SELECT joined, id FROM customers WHERE shop = ? ORDER BY joined DESC, id DESC LIMIT 1"
        cursor = ["", 0, *db.execute(sql, (shop,)).fetchone()]
    joined, id, *last = cursor
    sql = """
    SELECT id, joined FROM customers
    WHERE shop = ? AND (joined, id) > (?, ?) AND (joined, id) <= (?, ?) ORDER BY joined, id LIMIT ?
    """
    found = db.execute(sql, (shop, joined, id, *last, size)).fetchall()
    return [(id, [joined, id, *last]) for id, joined in found]
