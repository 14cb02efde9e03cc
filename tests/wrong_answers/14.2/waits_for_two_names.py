"""Looks into all queues, and waits for those of the example.

expects: WRONG starved
says: default-1 came into default while slot 1 should have waited
"""

from workbook.taught.lab14 import pop, weighted


def fetch(r, slot, weights, rng, timeout=1):
    if slot == 0:
        return pop(r, ["urgent"], timeout)
    for name in weighted(weights, rng):
        raw = r.rpop(f"queue:{name}")
        if raw is not None:
            return name, raw
    return pop(r, ["urgent", "low"], timeout)
