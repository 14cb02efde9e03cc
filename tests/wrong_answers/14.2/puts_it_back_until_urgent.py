"""The kept slot takes and puts back until an urgent job comes.

expects: WRONG
says: stuck: slot 0 had neither a job nor an answer
"""

from workbook.taught.lab14 import pop, weighted


def fetch(r, slot, weights, rng, timeout=1):
    while True:
        got = pop(r, weighted(weights, rng), timeout)
        if slot > 0 or got is None or got[0] == "urgent":
            return got
        r.rpush(f"queue:{got[0]}", got[1])
