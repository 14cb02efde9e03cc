"""Keeps one slot of each four: in a large process more than one.

expects: WRONG
says: slot 4 took none, and slot 0 is kept already
"""

from workbook.taught.lab14 import pop, weighted


def fetch(r, slot, weights, rng, timeout=1):
    return pop(r, ["urgent"] if slot % 4 == 0 else weighted(weights, rng), timeout)
