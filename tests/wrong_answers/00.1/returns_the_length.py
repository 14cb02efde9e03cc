"""Returns what Redis replied: the length of the list.

expects: WRONG
says: place(r, 'order 1') returned 1
"""


def place(r, order):
    return r.lpush("orders", order)
