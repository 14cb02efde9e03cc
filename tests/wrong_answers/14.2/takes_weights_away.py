"""Takes the other queues out of the caller's own dict.

expects: WRONG
says: the weights were no longer
"""

from workbook.taught.lab14 import pop, weighted


def fetch(r, slot, weights, rng, timeout=1):
    if slot == 0:
        for name in [name for name in weights if name != "urgent"]:
            del weights[name]
    return pop(r, weighted(weights, rng), timeout)
