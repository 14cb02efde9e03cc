"""Lends the kept slot to other queues when urgent is empty: it is busy when it is needed.

expects: WRONG starved
says: no other job has to end before an urgent one can start
"""

from workbook.taught.lab14 import pop, weighted


def fetch(r, slot, weights, rng, timeout=1):
    if slot == 0:
        return pop(r, ["urgent", "low"], timeout)
    return pop(r, weighted(weights, rng), timeout)
