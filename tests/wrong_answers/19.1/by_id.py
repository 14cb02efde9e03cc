"""By id alone: each once, and not in the order in which they joined.

expects: WRONG reordered
says: the shop lamps, read in batches of 3
"""


def customers_after(db, shop, cursor, size):
    sql = "SELECT id FROM customers WHERE shop = ? AND id > ? ORDER BY id LIMIT ?"
    return [(id, id) for (id,) in db.execute(sql, (shop, cursor or 0, size))]
