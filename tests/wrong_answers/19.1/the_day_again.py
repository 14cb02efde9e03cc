"""From the day of the cursor on, with that day: its customers come again, and it never ends.

expects: WRONG duplicated
says: after 40 batches it still returns customers
"""


def customers_after(db, shop, cursor, size):
    sql = "SELECT id, joined FROM customers WHERE shop = ? AND joined >= ? ORDER BY joined, id LIMIT ?"
    return db.execute(sql, (shop, cursor or "", size)).fetchall()
