"""A batch ends with its day.

expects: WRONG
says: the batches of 3 had
"""

def customers_after(db, shop, cursor, size):
    joined, id = cursor or ("", 0)
    sql = "SELECT id, joined FROM customers WHERE shop = ? AND (joined, id) > (?, ?) ORDER BY joined, id LIMIT ?"
    found = db.execute(sql, (shop, joined, id, size)).fetchall()
    return [(id, [joined, id]) for id, joined in found if joined == found[0][1]]
