"""Waits first, and looks at the own list only when nothing new came."""


def take(r, worker, timeout=1):
    mine = f"processing:{worker}"
    return r.blmove("jobs", mine, timeout, src="RIGHT", dest="LEFT") or r.lindex(mine, -1)
