"""Pushes a Python dict, which Redis does not know.

expects: YOUR CODE RAISED
says: DataError: Invalid input of type: 'dict'
says: at place, line 2: r.lpush("orders", {"id": order})
says: given: place(r, 'order 1')
"""


def place(r, order):
    r.lpush("orders", {"id": order})
    return order
