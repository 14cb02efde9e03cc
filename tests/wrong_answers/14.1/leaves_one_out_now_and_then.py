"""Leaves a queue out now and then, to save Redis the trouble: a rare wait that nobody can explain.

expects: WRONG starved
says: every queue is in every order
"""


def weighted(weights, rng):
    tickets = [name for name, weight in weights.items() for _ in range(weight)]
    rng.shuffle(tickets)
    order = list(dict.fromkeys(tickets))
    return order[:1] if rng.random() < 0.002 else order
