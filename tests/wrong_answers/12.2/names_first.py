"""Finds the names of the workers' lists first, then reads all in one transaction: a worker that takes its first job in
between is forgotten.

expects: WRONG untruthful
says: worker 3 took invoice-4 right before operation
says: in_flight: reported 3, and it was 4
"""

from workbook.taught.lab12 import queued_at


def left_to_do(r, now):
    names = list(r.scan_iter("processing:*"))
    with r.pipeline() as pipe:
        for name in ("jobs", *names):
            pipe.lrange(name, 0, -1)
        waiting, *lists = pipe.execute()
    held = [raw for one in lists for raw in one]
    times = [at for at in map(queued_at, waiting + held) if at is not None]
    return {"waiting": len(waiting), "in_flight": len(held), "oldest": now - min(times) if times else None}
