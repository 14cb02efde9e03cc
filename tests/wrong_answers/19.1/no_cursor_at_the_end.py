"""The last customer has no cursor, since nobody comes after it: a job that is resumed there begins anew.

expects: WRONG
says: is None, which means the beginning
"""


def customers_after(db, shop, cursor, size):
    joined, id = cursor or ("", 0)
    sql = "SELECT id, joined FROM customers WHERE shop = ? AND (joined, id) > (?, ?) ORDER BY joined, id LIMIT ?"
    found = db.execute(sql, (shop, joined, id, size)).fetchall()
    return [(id, [joined, id] if len(found) == size else None) for id, joined in found]
