"""Waits as long as `pop` does when it is not told.

expects: WRONG
says: asked to wait 60 s, gave up before somebody who waited 1.2 s
"""

from workbook.taught.lab14 import pop, weighted


def fetch(r, slot, weights, rng, timeout=1):
    return pop(r, ["urgent"] if slot == 0 else weighted(weights, rng))
