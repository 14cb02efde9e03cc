"""BLMPOP of Redis 7, which can take several at once."""

from workbook.taught.lab14 import weighted


def fetch(r, slot, weights, rng, timeout=1):
    keys = ["queue:urgent"] if slot == 0 else [f"queue:{name}" for name in weighted(weights, rng)]
    popped = r.blmpop(timeout, len(keys), *keys, direction="RIGHT", count=1)
    return popped and (popped[0].decode()[len("queue:") :], popped[1][0])
