"""What lab 00 teaches, as later labs, workers and benchmarks import it.

Built from solutions/00-meet-the-brokers.py by `python3 -m workbook build`: change it there.
"""

# Taught in labs/00-meet-the-brokers.ipynb, cell 00-061: Exercise 00.1: place
def place(r, order):
    """Put `order`, a text, into the Redis list `orders`, and return it."""
    r.lpush("orders", order)
    return order


# How many values each prediction has: `predict` says so when another number is given.
PREDICTED = {
    "00.p1": 2,
    "00.p2": 2,
    "00.p3": 1,
    "00.p4": 2,
}
