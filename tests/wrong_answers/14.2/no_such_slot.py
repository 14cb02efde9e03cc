"""Looks the slot up in a table that has only two.

expects: YOUR CODE RAISED
says: IndexError
"""

from workbook.taught.lab14 import pop


def fetch(r, slot, weights, rng, timeout=1):
    return pop(r, [["urgent"], ["low", "urgent"]][slot], timeout)
