"""Names the queue that it would have liked best.

expects: WRONG
says: and was told that it came from 'urgent'
"""

from workbook.taught.lab14 import pop, weighted


def fetch(r, slot, weights, rng, timeout=1):
    order = ["urgent"] if slot == 0 else weighted(weights, rng)
    got = pop(r, order, timeout)
    return got and ("urgent", got[1])
