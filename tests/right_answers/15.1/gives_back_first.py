"""Puts what it holds back in front of the queue, in order, then takes as ever."""


def take(r, worker, timeout=1):
    mine = f"processing:{worker}"
    while r.lmove(mine, "jobs", "LEFT", "RIGHT") is not None:
        pass
    return r.blmove("jobs", mine, timeout, src="RIGHT", dest="LEFT")
