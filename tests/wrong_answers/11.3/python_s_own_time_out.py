"""Catches Python's exceptions of these names, which redis-py does not raise.

expects: YOUR CODE RAISED
says: ConnectionError
"""


from redis import ResponseError


def enqueue_truthfully(r, raw):
    try:
        r.lpush("jobs", raw)
    except ResponseError:
        return "refused"
    except (TimeoutError, ConnectionError):
        return "unknown"
    return "accepted"
