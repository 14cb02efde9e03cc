"""Begins the list anew with each order.

expects: WRONG lost
says: lost: 2 of 3 orders: order 1, order 2
"""


def place(r, order):
    r.delete("orders")
    r.lpush("orders", order)
    return order
