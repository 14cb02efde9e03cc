"""The command's name before Redis 6.2, and LRANGE for the look at the own list."""


def take(r, worker, timeout=1):
    mine = f"processing:{worker}"
    held = r.lrange(mine, -1, -1)
    return held[0] if held else r.brpoplpush("jobs", mine, timeout)
