"""Returns what BRPOP returns: the key as bytes, and not the queue's name.

expects: WRONG
says: fetch returned (b'queue:
"""

from workbook.taught.lab14 import weighted


def fetch(r, slot, weights, rng, timeout=1):
    order = ["urgent"] if slot == 0 else weighted(weights, rng)
    return r.brpop([f"queue:{name}" for name in order], timeout)
