"""Pushes once for the list and once to get the reply.

expects: WRONG duplicated
says: duplicated: 3 of 3 orders
"""


def place(r, order):
    r.lpush("orders", order)
    if r.lpush("orders", order):
        return order
