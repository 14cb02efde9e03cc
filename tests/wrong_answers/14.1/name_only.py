"""Returns one name instead of an order.

expects: WRONG
says: weighted returned 'urgent'
"""


def weighted(weights, rng):
    return rng.choices(list(weights), list(weights.values()))[0]
