"""Waits until nobody reads the list any more, which never comes.

expects: WRONG
says: worker 1 had not returned after
says: place(r, 'order 1')
"""


def place(r, order):
    while r.llen("orders") == 0:
        pass
    r.lpush("orders", order)
    return order
