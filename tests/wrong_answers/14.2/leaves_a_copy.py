"""Leaves a copy of the job at the end of the queue, so that it cannot be lost: it is done again and again.

expects: WRONG duplicated
says: fetch takes one job, and every other stays where it is
"""

from workbook.taught.lab14 import pop, weighted


def fetch(r, slot, weights, rng, timeout=1):
    got = pop(r, ["urgent"] if slot == 0 else weighted(weights, rng), timeout)
    if got and got[0] == "low":
        r.lpush("queue:low", got[1])
    return got
