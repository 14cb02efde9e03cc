"""SQL's row values, and a cursor that is a text."""


def customers_after(db, shop, cursor, size):
    joined, id = cursor.split() if cursor else ("", 0)
    found = db.execute(
        "SELECT id, joined FROM customers WHERE shop = ? AND (joined, id) > (?, CAST(? AS INTEGER)) "
        "ORDER BY joined, id LIMIT ?",
        (shop, joined, id, size),
    )
    return [(id, f"{joined} {id}") for id, joined in found]
