"""Takes the answer apart and puts it together again: also when there is none.

expects: WRONG
says: no job waits; fetch returned (None, None)
"""

from workbook.taught.lab14 import pop, weighted


def fetch(r, slot, weights, rng, timeout=1):
    name, raw = pop(r, ["urgent"] if slot == 0 else weighted(weights, rng), timeout) or (None, None)
    return name, raw
