"""Takes each job out to look at it, and puts it back on the same side: when it is done, the list has turned round.

expects: WRONG
says: it changed jobs
"""

from workbook.taught.lab12 import queued_at


def left_to_do(r, now):
    waiting = [raw for raw in iter(lambda: r.rpop("jobs"), None)]
    if waiting:
        r.rpush("jobs", *waiting)
    held = [raw for key in r.scan_iter("processing:*") for raw in r.lrange(key, 0, -1)]
    times = [at for at in map(queued_at, waiting + held) if at is not None]
    return {"waiting": len(waiting), "in_flight": len(held), "oldest": now - min(times) if times else None}
