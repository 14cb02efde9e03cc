"""Gives each queue as many turns as it weighs, and forgets to begin again when all are used up.

expects: WRONG
says: jobs wait for slot 1, and fetch returned None
"""

from workbook.taught.lab14 import pop, weighted


def fetch(r, slot, weights, rng, timeout=1, turns={}):
    if slot == 0:
        return pop(r, ["urgent"], timeout)
    left = turns.setdefault(slot, dict(weights))
    order = [name for name in weighted(weights, rng) if left[name] > 0]
    got = pop(r, order, timeout) if order else None
    if got:
        left[got[0]] -= 1
    return got
