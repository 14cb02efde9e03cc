"""The cursor is a date, which JSON does not know.

expects: WRONG
says: cannot be written as JSON
"""


def customers_after(db, shop, cursor, size):
    from datetime import date

    joined, id = cursor or (date.min, 0)
    sql = "SELECT id, joined FROM customers WHERE shop = ? AND (joined, id) > (?, ?) ORDER BY joined, id LIMIT ?"
    found = db.execute(sql, (shop, joined.isoformat(), id, size))
    return [(id, [date.fromisoformat(joined), id]) for id, joined in found]
