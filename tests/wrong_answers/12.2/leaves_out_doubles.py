"""Reads the queue first, and leaves out what it then finds in hand: right for a job that is taken, and a job that is given back
is in neither.

expects: WRONG untruthful
says: invoice-1 was given back by worker 1 right before operation
says: waiting: reported 4, and it was 5
"""

from workbook.taught.lab12 import queued_at


def left_to_do(r, now):
    waiting = r.lrange("jobs", 0, -1)
    held = [raw for key in r.scan_iter("processing:*") for raw in r.lrange(key, 0, -1)]
    waiting = [raw for raw in waiting if raw not in held]
    ages = [now - at for at in map(queued_at, waiting + held) if at is not None]
    return {"waiting": len(waiting), "in_flight": len(held), "oldest": max(ages, default=None)}
