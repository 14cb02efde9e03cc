"""Waits for somebody else to begin the list.

expects: WRONG
says: worker 1 had not returned after
"""


def place(r, order):
    while r.llen("orders") == 0:
        pass
    r.lpush("orders", order)
    return order
