"""Takes urgent jobs from the right end, and low ones from the wrong one.

expects: WRONG reordered
says: within a queue the oldest job comes first
"""

from workbook.taught.lab14 import pop, weighted


def fetch(r, slot, weights, rng, timeout=1):
    if slot == 0:
        return pop(r, ["urgent"], timeout)
    for name in weighted(weights, rng):
        raw = r.rpop(f"queue:{name}") if name == "urgent" else r.lpop(f"queue:{name}")
        if raw is not None:
            return name, raw
    return pop(r, weighted(weights, rng), timeout)
