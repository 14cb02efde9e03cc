"""The cursor is the day alone: who joined on the same day and came into the next batch is left out.

expects: WRONG lost
says: read in batches of 3
"""


def customers_after(db, shop, cursor, size):
    sql = "SELECT id, joined FROM customers WHERE shop = ? AND joined > ? ORDER BY joined, id LIMIT ?"
    return db.execute(sql, (shop, cursor or "", size)).fetchall()
