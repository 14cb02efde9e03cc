"""Returns the order and pushes nothing.

expects: WRONG lost
says: lost: 3 of 3 orders: order 1, order 2, order 3
"""


def place(r, order):
    return order
