"""The kept slot takes whatever is next, and puts back what is not urgent: at the end of the line.

expects: WRONG
says: leaves the jobs of other queues where they are, in their order
"""

from workbook.taught.lab14 import pop, weighted


def fetch(r, slot, weights, rng, timeout=1):
    if slot > 0:
        return pop(r, weighted(weights, rng), timeout)
    got = pop(r, ["urgent", "low"], timeout)
    if got and got[0] != "urgent":
        r.lpush(f"queue:{got[0]}", got[1])
        return None
    return got
