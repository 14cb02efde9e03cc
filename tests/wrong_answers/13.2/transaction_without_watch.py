"""A transaction, but what it moves was read before it: two schedulers move the same jobs.

expects: WRONG duplicated
says: scheduler 2 ran while scheduler 1 stood right before
"""


def move_due(r, now):
    due = r.zrange("retry", "-inf", now, byscore=True)
    with r.pipeline() as pipe:
        for raw in due:
            pipe.lpush("jobs", raw)
            pipe.zrem("retry", raw)
        pipe.execute()
    return len(due)
