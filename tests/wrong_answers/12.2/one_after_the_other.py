"""Reads one list after the other: a job that moves in between is in neither, or in both.

expects: WRONG untruthful
says: 7 jobs were left at every moment
says: the three numbers are those of one moment
"""

from workbook.taught.lab12 import queued_at


def left_to_do(r, now):
    waiting = r.lrange("jobs", 0, -1)
    held = [raw for key in r.scan_iter("processing:*") for raw in r.lrange(key, 0, -1)]
    times = [at for at in map(queued_at, waiting + held) if at is not None]
    return {"waiting": len(waiting), "in_flight": len(held), "oldest": now - min(times) if times else None}
