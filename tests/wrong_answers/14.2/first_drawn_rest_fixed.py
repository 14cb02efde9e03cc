"""Draws the first queue, and tries the rest as they are listed.

expects: WRONG
says: default is empty, the others never
"""

from workbook.taught.lab14 import pop, weighted


def fetch(r, slot, weights, rng, timeout=1):
    if slot == 0:
        return pop(r, ["urgent"], timeout)
    first = rng.choices(list(weights), list(weights.values()))[0]
    return pop(r, [first] + [name for name in weights if name != first], timeout)
