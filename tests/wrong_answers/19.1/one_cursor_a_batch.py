"""Every customer of a batch has the cursor of the batch's end: interrupted within it, the rest is left out.

expects: WRONG lost
says: read on after the cursor of customer 12
"""


def customers_after(db, shop, cursor, size):
    joined, id = cursor or ("", 0)
    sql = "SELECT id, joined FROM customers WHERE shop = ? AND (joined, id) > (?, ?) ORDER BY joined, id LIMIT ?"
    found = db.execute(sql, (shop, joined, id, size)).fetchall()
    return [(id, list(found[-1][::-1])) for id, joined in found]
