"""Two commands in the careful order: a kill in between leaves the job in both lists.

expects: WRONG duplicated
says: order 1 is in waiting and in the list of worker
"""


def take(r, worker, timeout=1):
    import time

    mine = f"processing:{worker}"
    held = r.lindex(mine, -1)
    if held is not None:
        return held
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        raw = r.lindex("jobs", -1)
        if raw is not None:
            r.lpush(mine, raw)
            r.rpop("jobs")
            return raw
    return None
