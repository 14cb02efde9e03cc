"""A generator that is seeded with the attempt: all jobs draw the same number.

expects: WRONG
says: 1000 of 1000 jobs after attempt 1
"""


import random


def delay(attempt, rng):
    return random.Random(attempt).uniform(0, min(3600, 15 * 2 ** (attempt - 1)))
