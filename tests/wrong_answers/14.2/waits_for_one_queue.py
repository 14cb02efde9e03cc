"""Looks into all queues, and then waits for urgent only: a job of low that comes meanwhile is not seen.

expects: WRONG starved
says: low-1 came into low while slot 1 should have waited
"""

from workbook.taught.lab14 import pop, weighted


def fetch(r, slot, weights, rng, timeout=1):
    if slot > 0:
        for name in weighted(weights, rng):
            raw = r.rpop(f"queue:{name}")
            if raw is not None:
                return name, raw
    return pop(r, ["urgent"], timeout)
