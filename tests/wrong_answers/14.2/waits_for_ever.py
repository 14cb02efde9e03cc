"""A time-out of 0 is none at all.

expects: WRONG
says: waits in Redis for ever: 0 is no time-out
"""

from workbook.taught.lab14 import pop, weighted


def fetch(r, slot, weights, rng, timeout=1):
    return pop(r, ["urgent"] if slot == 0 else weighted(weights, rng), 0)
