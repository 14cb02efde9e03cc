"""A generator of its own for each call: always the same order.

expects: WRONG starved
says: starved: 4000 of 4000 jobs
"""


def weighted(weights, rng):
    import random

    tickets = [name for name, weight in weights.items() for _ in range(weight)]
    random.Random(0).shuffle(tickets)
    return list(dict.fromkeys(tickets))
