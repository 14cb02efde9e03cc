"""Writes the shop's name into the SQL text.

expects: YOUR CODE RAISED
says: nobody's
"""


def customers_after(db, shop, cursor, size):
    joined, id = cursor or ("", 0)
    sql = f"SELECT id, joined FROM customers WHERE shop = '{shop}' AND (joined, id) > (?, ?) ORDER BY joined, id LIMIT ?"
    return [(id, [joined, id]) for id, joined in db.execute(sql, (joined, id, size))]
