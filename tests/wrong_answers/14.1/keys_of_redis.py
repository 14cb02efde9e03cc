"""Returns the keys of the lists, not the names of the queues.

expects: WRONG
says: there is no queue 'queue:
"""


def weighted(weights, rng):
    tickets = [name for name, weight in weights.items() for _ in range(weight)]
    rng.shuffle(tickets)
    return [f"queue:{name}" for name in dict.fromkeys(tickets)]
