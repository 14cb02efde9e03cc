"""Takes the newest of its own jobs first.

expects: WRONG
says: worker 1 held order 1 and order 2 already
"""


def take(r, worker, timeout=1):
    mine = f"processing:{worker}"
    return r.lindex(mine, 0) or r.blmove("jobs", mine, timeout, "RIGHT", "LEFT")
