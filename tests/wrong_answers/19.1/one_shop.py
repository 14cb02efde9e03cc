"""Reads one shop, whichever it is asked for.

expects: WRONG lost phantom
says: the shop chairs, read in batches of 2
"""

def customers_after(db, shop, cursor, size):
    joined, id = cursor or ("", 0)
    sql = "SELECT id, joined FROM customers WHERE shop = 'lamps' AND (joined, id) > (?, ?) ORDER BY joined, id LIMIT ?"
    return [(id, [joined, id]) for id, joined in db.execute(sql, (joined, id, size))]
