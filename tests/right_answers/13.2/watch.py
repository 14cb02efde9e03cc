"""A transaction with WATCH: whoever finds the set changed looks again."""


import redis


def move_due(r, now):
    while True:
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
                continue
