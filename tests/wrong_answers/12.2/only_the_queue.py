"""Takes the length of the queue for the work that is left: what is in hand is invisible.

expects: WRONG untruthful
says: in_flight: reported 0, and it was 1
says: nothing waits, and worker 1 has had one job in hand
"""

from workbook.taught.lab12 import queued_at


def left_to_do(r, now):
    times = [at for at in map(queued_at, r.lrange("jobs", 0, -1)) if at is not None]
    return {"waiting": r.llen("jobs"), "in_flight": 0, "oldest": now - min(times) if times else None}
