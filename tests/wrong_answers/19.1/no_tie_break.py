"""Ordered by the day only: on one day the database may give them in any order.

expects: WRONG lost duplicated
says: the shop lamps, read in batches of 3
"""


def customers_after(db, shop, cursor, size):
    joined, id = cursor or ("", 0)
    sql = "SELECT id, joined FROM customers WHERE shop = ? AND (joined, id) > (?, ?) ORDER BY joined LIMIT ?"
    return [(id, [joined, id]) for id, joined in db.execute(sql, (shop, joined, id, size))]
