"""Two commands: popped, then pushed to the worker's list.

expects: WRONG lost
says: was killed after its BRPOP, and nobody has had it since
"""


def take(r, worker, timeout=1):
    held = r.lindex(f"processing:{worker}", -1)
    if held is not None:
        return held
    popped = r.brpop("jobs", timeout)
    if popped is None:
        return None
    r.lpush(f"processing:{worker}", popped[1])
    return popped[1]
