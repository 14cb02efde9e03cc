"""Pushes at the end from which the list is read.

expects: WRONG reordered
says: read from the right, they come as order 3, order 2, order 1
"""


def place(r, order):
    r.rpush("orders", order)
    return order
