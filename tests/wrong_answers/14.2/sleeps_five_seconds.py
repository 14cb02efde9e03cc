"""Asks once, and sleeps five seconds when there was nothing.

expects: WRONG
says: stuck: no job came; slot 0
"""

from workbook.taught.lab14 import weighted


def fetch(r, slot, weights, rng, timeout=1):
    import time

    for name in ["urgent"] if slot == 0 else weighted(weights, rng):
        raw = r.rpop(f"queue:{name}")
        if raw is not None:
            return name, raw
    time.sleep(5)
    return None
