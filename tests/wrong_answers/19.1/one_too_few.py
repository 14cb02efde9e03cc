"""After the cursor comes not the next customer but the one behind it.

expects: WRONG lost
says: read in batches of 1
"""


def customers_after(db, shop, cursor, size):
    joined, id = cursor or ("", -1)
    sql = "SELECT id, joined FROM customers WHERE shop = ? AND (joined, id) > (?, ?) ORDER BY joined, id LIMIT ?"
    return [(id, [joined, id]) for id, joined in db.execute(sql, (shop, joined, id + 1, size))]
