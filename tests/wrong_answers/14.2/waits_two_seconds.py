"""A fixed time-out: whoever asks for less waits longer.

expects: WRONG
says: slot 0, asked to wait 0.05 s, waits in Redis for 2 s
"""

from workbook.taught.lab14 import pop, weighted


def fetch(r, slot, weights, rng, timeout=1):
    return pop(r, ["urgent"] if slot == 0 else weighted(weights, rng), 2)
