"""Looks whether it holds the job, then removes it: in between the job can go to another worker.

expects: WRONG
says: order 1 was given to worker 2 right before operation 2
"""


def finish(r, worker, raw):
    mine = f"processing:{worker}"
    if raw not in r.lrange(mine, 0, -1):
        return False
    r.lrem(mine, 1, raw)
    return True
