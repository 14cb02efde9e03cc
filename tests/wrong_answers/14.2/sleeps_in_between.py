"""Asks, sleeps for a part of the time, and asks again: few commands, and a job waits for the end of the sleep.

expects: WRONG
says: an idle slot waits in Redis, which tells it when there is one
"""

from workbook.taught.lab14 import weighted


def fetch(r, slot, weights, rng, timeout=1):
    import time

    order = ["urgent"] if slot == 0 else weighted(weights, rng)
    for _ in range(3):
        for name in order:
            raw = r.rpop(f"queue:{name}")
            if raw is not None:
                return name, raw
        time.sleep(timeout / 3)
    return None
