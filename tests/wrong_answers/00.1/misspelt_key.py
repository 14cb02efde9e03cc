"""Pushes to a list that nobody reads.

expects: WRONG lost
says: nobody reads order, which is there too
"""


def place(r, order):
    r.lpush("order", order)
    return order
