"""Takes from the side on which jobs are pushed: the newest overtakes all others.

expects: WRONG
says: take returned b'order 5'
"""


def take(r, worker, timeout=1):
    mine = f"processing:{worker}"
    held = r.lindex(mine, -1)
    if held is not None:
        return held
    return r.blmove("jobs", mine, timeout, "LEFT", "LEFT")
