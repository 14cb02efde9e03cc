"""Takes whatever is next, and the kept slot puts back what is not urgent, where it was.

expects: WRONG
says: between two of its commands there stand in low: low-2
"""

from workbook.taught.lab14 import pop, weighted


def fetch(r, slot, weights, rng, timeout=1):
    got = pop(r, weighted(weights, rng), timeout)
    if slot == 0 and got and got[0] != "urgent":
        r.rpush(f"queue:{got[0]}", got[1])
        return None
    return got
