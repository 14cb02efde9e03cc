"""Strict order, turned round by chance: right with two queues and their weights of 4 and 1, and with no others.

expects: WRONG starved
says: no queue is ever empty
"""


def weighted(weights, rng):
    order = sorted(weights, key=weights.get, reverse=True)
    return order if rng.random() < 0.8 else order[::-1]
