"""Prints the order instead of returning it.

expects: WRONG
says: place(r, 'order 1') returned None
says: your code printed:
"""


def place(r, order):
    r.lpush("orders", order)
    print("placed", order)
