"""Reads until two readings are the same; after three it says what it has, which nobody ever saw.

expects: WRONG untruthful
says: worker 3 took a job before each operation
says: 41 jobs were left at every moment
"""

from workbook.taught.lab12 import queued_at


def left_to_do(r, now):
    def everything():
        return {key: r.lrange(key, 0, -1) for key in (b"jobs", *sorted(r.scan_iter("processing:*")))}

    before, lists = None, everything()
    for _ in range(3):
        if before == lists:
            break
        before, lists = lists, everything()
    jobs = [raw for one in lists.values() for raw in one]
    times = [at for at in map(queued_at, jobs) if at is not None]
    waiting = len(lists[b"jobs"])
    return {"waiting": waiting, "in_flight": len(jobs) - waiting, "oldest": now - min(times) if times else None}
