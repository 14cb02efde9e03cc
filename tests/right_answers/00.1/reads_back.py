"""Returns what it finds in the list after the push."""


def place(r, order):
    r.lpush("orders", order)
    return r.lindex("orders", 0).decode()
