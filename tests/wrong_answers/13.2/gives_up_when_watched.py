"""Takes a WatchError for "another scheduler did it": any new job keeps the due ones from being moved.

expects: WRONG
says: does not keep those that were due from being moved
"""


import redis


def move_due(r, now):
    with r.pipeline() as pipe:
        try:
            pipe.watch("retry")
            due = pipe.zrangebyscore("retry", "-inf", now)
            if not due:
                return 0
            pipe.multi()
            pipe.lpush("jobs", *due)
            pipe.zrem("retry", *due)
            pipe.execute()
            return len(due)
        except redis.WatchError:
            return 0
