"""Draws one queue and waits for that one only: a job in another stays where it is.

expects: WRONG starved
says: every queue is in every order
"""


def weighted(weights, rng):
    return rng.choices(list(weights), list(weights.values()))
