"""Keeps a slot, and takes strictly in the others: low starves as long as urgent jobs come.

expects: WRONG starved
says: the 3 slots that are not kept fetched 360 jobs, 0 of them from default
"""

from workbook.taught.lab14 import pop


def fetch(r, slot, weights, rng, timeout=1):
    return pop(r, ["urgent"] if slot == 0 else ["urgent", "low"], timeout)
