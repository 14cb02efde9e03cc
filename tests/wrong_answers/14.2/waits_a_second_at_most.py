"""Waits for a second at most, whatever it was asked to.

expects: WRONG
says: asked to wait 60 s, waits in Redis for 1 s
"""

from workbook.taught.lab14 import pop, weighted


def fetch(r, slot, weights, rng, timeout=1):
    return pop(r, ["urgent"] if slot == 0 else weighted(weights, rng), min(timeout, 1))
