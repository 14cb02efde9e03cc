"""A slot for urgent, the others for the rest: they stand idle while urgent jobs pile up.

expects: WRONG starved
says: an urgent job may use every slot that is free
"""

from workbook.taught.lab14 import pop, weighted


def fetch(r, slot, weights, rng, timeout=1):
    others = [name for name in weighted(weights, rng) if name != "urgent"]
    return pop(r, ["urgent"] if slot == 0 else others, timeout)
