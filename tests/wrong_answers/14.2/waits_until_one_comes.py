"""Asks again when the time is over, until a job comes: the slot can never be stopped.

expects: WRONG
says: slot 0, asked to wait 0.05 s, waits in Redis for 0.
"""

from workbook.taught.lab14 import pop, weighted


def fetch(r, slot, weights, rng, timeout=1):
    while True:
        got = pop(r, ["urgent"] if slot == 0 else weighted(weights, rng), timeout)
        if got:
            return got
