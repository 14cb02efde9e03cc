"""Draws from a generator that it makes itself and never from rng: each process draws the same numbers.

expects: WRONG
says: two generators with different seeds gave the same delays
"""


import random

CHANCE = random.Random(13)


def delay(attempt, rng):
    return CHANCE.uniform(0, min(3600, 15 * 2 ** (attempt - 1)))
