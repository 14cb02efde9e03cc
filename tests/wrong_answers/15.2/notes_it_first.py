"""Notes the job as done before it knows whether it still held it.

expects: WRONG
says: and changed done in Redis
"""


def finish(r, worker, raw):
    r.lpush("done", raw)
    return r.lrem(f"processing:{worker}", 1, raw) == 1
