"""WATCH and MULTI: the push happens only if nobody has touched the list since the look. If somebody has, it looks again; if
the connection broke, it says so."""

import redis


def offer(r, raw, limit):
    with r.pipeline() as pipe:
        while True:
            try:
                pipe.watch("jobs")
                if pipe.llen("jobs") >= limit:
                    return False
                pipe.multi()
                pipe.lpush("jobs", raw)
                pipe.execute()
                return True
            except redis.WatchError as error:
                if "changed" not in str(error):
                    raise
            except redis.OutOfMemoryError:
                return False
