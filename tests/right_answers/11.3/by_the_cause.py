"""One command, and a look at why the connection failed: refused by the operating system means that nothing left."""


import redis


def enqueue_truthfully(r, raw):
    try:
        r.lpush("jobs", raw)
    except redis.ResponseError:
        return "refused"
    except redis.ConnectionError as error:
        while error is not None:
            if isinstance(error, ConnectionRefusedError):
                return "refused"
            error = error.__cause__ or error.__context__
        return "unknown"
    except redis.RedisError:
        return "unknown"
    return "accepted"
