"""Compares the ids as texts: 10 comes before 9.

expects: WRONG reordered [lost]
says: read in batches of 3
"""


def customers_after(db, shop, cursor, size):
    joined, id = cursor or ("", "")
    sql = """
    SELECT id, joined FROM customers
    WHERE shop = ? AND joined || ' ' || id > ? ORDER BY joined || ' ' || id LIMIT ?
    """
    return [(id, [joined, str(id)]) for id, joined in db.execute(sql, (shop, f"{joined} {id}", size))]
