"""The others look into all queues, and do not wait for urgent: somebody else does.

expects: WRONG starved
says: urgent-1 came into urgent while slot 1 should have waited
"""

from workbook.taught.lab14 import pop, weighted


def fetch(r, slot, weights, rng, timeout=1):
    if slot == 0:
        return pop(r, ["urgent"], timeout)
    order = weighted(weights, rng)
    for name in order:
        raw = r.rpop(f"queue:{name}")
        if raw is not None:
            return name, raw
    return pop(r, [name for name in order if name != "urgent"], timeout)
