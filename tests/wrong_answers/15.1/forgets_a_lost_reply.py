"""Moves reliably, and never looks at what it already holds.

expects: WRONG stuck
says: the reply to BLMOVE was lost
"""


def take(r, worker, timeout=1):
    return r.blmove("jobs", f"processing:{worker}", timeout, "RIGHT", "LEFT")
