"""Takes chance from the module and not from `rng`: no run can be repeated.

expects: WRONG
says: the same seed gives the same orders
"""


def weighted(weights, rng):
    import random

    tickets = [name for name, weight in weights.items() for _ in range(weight)]
    random.shuffle(tickets)
    return list(dict.fromkeys(tickets))
