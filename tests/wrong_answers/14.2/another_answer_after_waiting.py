"""Looks into all queues, and when it had to wait it hands on what BRPOP gave.

expects: WRONG
says: low-1 came into low; fetch returned (b'queue:low'
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
    return r.brpop([f"queue:{name}" for name in order], timeout)
