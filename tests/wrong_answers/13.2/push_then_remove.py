"""Pushes, then removes: killed in between, the job is there twice.

expects: WRONG duplicated
says: was killed after its LPUSH
"""


def move_due(r, now):
    due = r.zrange("retry", "-inf", now, byscore=True)
    for raw in due:
        r.lpush("jobs", raw)
        r.zrem("retry", raw)
    return len(due)
