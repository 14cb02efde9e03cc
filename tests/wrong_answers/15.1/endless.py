"""Waits for ever when the queue is empty.

expects: WRONG
says: had not returned after
"""


def take(r, worker, timeout=1):
    while True:
        mine = f"processing:{worker}"
        raw = r.lindex(mine, -1) or r.lmove("jobs", mine, "RIGHT", "LEFT")
        if raw is not None:
            return raw
