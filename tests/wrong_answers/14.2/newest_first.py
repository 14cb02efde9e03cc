"""Takes from the side on which jobs are pushed.

expects: WRONG
says: urgent-3 was started next
"""

from workbook.taught.lab14 import weighted


def fetch(r, slot, weights, rng, timeout=1):
    order = ["urgent"] if slot == 0 else weighted(weights, rng)
    popped = r.blpop([f"queue:{name}" for name in order], timeout)
    return popped and (popped[0].decode().removeprefix("queue:"), popped[1])
