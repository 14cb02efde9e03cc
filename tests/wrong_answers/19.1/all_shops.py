"""The customers of every shop.

expects: WRONG phantom
says: the shop lamps
"""


def customers_after(db, shop, cursor, size):
    joined, id = cursor or ("", 0)
    sql = "SELECT id, joined FROM customers WHERE (joined, id) > (?, ?) ORDER BY joined, id LIMIT ?"
    return [(id, [joined, id]) for id, joined in db.execute(sql, (joined, id, size))]
