"""Asks once and gives up: its slot would have to ask again and again.

expects: WRONG starved
says: an idle slot waits up to `timeout` seconds
"""

from workbook.taught.lab14 import weighted


def fetch(r, slot, weights, rng, timeout=1):
    for name in ["urgent"] if slot == 0 else weighted(weights, rng):
        raw = r.rpop(f"queue:{name}")
        if raw is not None:
            return name, raw
    return None
