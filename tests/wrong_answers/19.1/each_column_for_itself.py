"""Both columns must be greater, each for itself.

expects: WRONG lost
says: read in batches of 3
"""


def customers_after(db, shop, cursor, size):
    joined, id = cursor or ("", 0)
    sql = "SELECT id, joined FROM customers WHERE shop = ? AND joined >= ? AND id > ? ORDER BY joined, id LIMIT ?"
    return [(id, [joined, id]) for id, joined in db.execute(sql, (shop, joined, id, size))]
