"""Asks one queue after the other, and sleeps a moment in between: an idle slot asks for ever.

expects: WRONG
says: one fetch of slot 0, asked to wait 60 s, sent more than 10 commands
"""

from workbook.taught.lab14 import weighted


def fetch(r, slot, weights, rng, timeout=1):
    import time

    end = time.monotonic() + timeout
    while True:
        for name in ["urgent"] if slot == 0 else weighted(weights, rng):
            raw = r.rpop(f"queue:{name}")
            if raw is not None:
                return name, raw
        if time.monotonic() > end:
            return None
        time.sleep(0.05)
