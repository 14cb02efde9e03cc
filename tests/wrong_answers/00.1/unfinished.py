"""A body that only promises.

expects: NOT ATTEMPTED
says: the blank in place is still empty
"""


def place(r, order):
    """Put `order` into the list `orders` and return it."""
    raise NotImplementedError
