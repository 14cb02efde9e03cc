"""A generator of its own for each fetch: the same queue each time.

expects: WRONG starved
says: the slots that are not kept go by the weights
"""

from workbook.taught.lab14 import pop, weighted


def fetch(r, slot, weights, rng, timeout=1):
    import random

    return pop(r, ["urgent"] if slot == 0 else weighted(weights, random.Random(0)), timeout)
