"""Draws from the module random and not from rng: no run can be repeated.

expects: WRONG
says: two generators with the same seed gave different delays
"""


import random


def delay(attempt, rng):
    return random.uniform(0, min(3600, 15 * 2 ** (attempt - 1)))
