"""Gives whole rows for customers.

expects: WRONG
says: and not an id
"""


def customers_after(db, shop, cursor, size):
    joined, id = cursor or ("", 0)
    sql = "SELECT id, joined FROM customers WHERE shop = ? AND (joined, id) > (?, ?) ORDER BY joined, id LIMIT ?"
    found = db.execute(sql, (shop, joined, id, size)).fetchall()
    return [((id, joined), [joined, id]) for id, joined in found]
