"""Notes in the caller's weights who has had a turn.

expects: WRONG
says: the weights were no longer
"""

from workbook.taught.lab14 import pop, weighted


def fetch(r, slot, weights, rng, timeout=1):
    got = pop(r, ["urgent"] if slot == 0 else weighted(weights, rng), timeout)
    if got and weights[got[0]] > 1:
        weights[got[0]] -= 1
    return got
