"""Takes from every queue and keeps the best: the other job is gone.

expects: WRONG lost
says: fetch takes one job, and every other stays where it is
"""

from workbook.taught.lab14 import pop, weighted


def fetch(r, slot, weights, rng, timeout=1):
    if slot == 0:
        return pop(r, ["urgent"], timeout)
    order = weighted(weights, rng)
    taken = [(name, raw) for name in order if (raw := r.rpop(f"queue:{name}")) is not None]
    return taken[0] if taken else pop(r, order, timeout)
