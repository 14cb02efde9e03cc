"""First the rest of the cursor's day, then the days after it; the cursor is a dict, and the rows are yielded."""

REST = "SELECT id, joined FROM customers WHERE shop = ? AND joined = ? AND id > ? ORDER BY id LIMIT ?"
LATER = "SELECT id, joined FROM customers WHERE shop = ? AND joined > ? ORDER BY joined, id LIMIT ?"


def customers_after(db, shop, cursor, size):
    cursor = cursor or {"day": "", "id": 0}
    found = db.execute(REST, (shop, cursor["day"], cursor["id"], size)).fetchall()
    if len(found) < size:
        found += db.execute(LATER, (shop, cursor["day"], size - len(found))).fetchall()
    for id, day in found:
        yield id, {"day": day, "id": id}
