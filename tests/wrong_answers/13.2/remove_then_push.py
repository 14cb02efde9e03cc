"""Asks ZREM who was first, then pushes: two schedulers agree, and a killed one loses the job.

expects: WRONG lost
says: was killed after its ZREM
"""


def move_due(r, now):
    moved = 0
    for raw in r.zrange("retry", "-inf", now, byscore=True):
        if r.zrem("retry", raw):
            r.lpush("jobs", raw)
            moved += 1
    return moved
