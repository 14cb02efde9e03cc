"""Asks one queue after the other until the time is over.

expects: WRONG
says: while nothing comes a fetch sends at most 10 commands
"""

from workbook.taught.lab14 import weighted


def fetch(r, slot, weights, rng, timeout=1):
    import time

    order = ["urgent"] if slot == 0 else weighted(weights, rng)
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        for name in order:
            raw = r.rpop(f"queue:{name}")
            if raw is not None:
                return name, raw
    return None
