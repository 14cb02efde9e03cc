"""Sets a plain value: each order replaces the one before.

expects: WRONG
says: afterwards orders is a string
"""


def place(r, order):
    r.set("orders", order)
    return order
