"""The kept slot waits for a list of another name: nobody ever pushes there.

expects: WRONG starved
says: slot 0 is free, and urgent-1 still waits
"""

from workbook.taught.lab14 import pop, weighted


def fetch(r, slot, weights, rng, timeout=1):
    if slot == 0:
        popped = r.brpop("urgent", timeout)
        return popped and ("urgent", popped[1])
    return pop(r, weighted(weights, rng), timeout)
