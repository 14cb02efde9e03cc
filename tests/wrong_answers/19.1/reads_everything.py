"""Reads the whole shop, and takes its batch out of it.

expects: WRONG
says: rows from the database for a batch of 3
"""


def customers_after(db, shop, cursor, size):
    sql = "SELECT id, joined FROM customers WHERE shop = ? ORDER BY joined, id"
    all_of_them = [(id, [joined, id]) for id, joined in db.execute(sql, (shop,)).fetchall()]
    return [one for one in all_of_them if cursor is None or one[1] > cursor][:size]
