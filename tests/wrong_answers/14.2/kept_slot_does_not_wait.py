"""The kept slot looks once and gives up; only the others wait.

expects: WRONG starved
says: urgent-1 came into urgent while slot 0 should have waited
"""

from workbook.taught.lab14 import pop, weighted


def fetch(r, slot, weights, rng, timeout=1):
    if slot > 0:
        return pop(r, weighted(weights, rng), timeout)
    raw = r.rpop("queue:urgent")
    return raw and ("urgent", raw)
