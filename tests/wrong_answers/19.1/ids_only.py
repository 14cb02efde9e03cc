"""Returns the customers without their cursors.

expects: WRONG
says: and not a list of (customer, cursor)
"""


def customers_after(db, shop, cursor, size):
    joined, id = cursor or ("", 0)
    sql = "SELECT id, joined FROM customers WHERE shop = ? AND (joined, id) > (?, ?) ORDER BY joined, id LIMIT ?"
    found = db.execute(sql, (shop, joined, id, size)).fetchall()
    return [id for id, _ in found]
