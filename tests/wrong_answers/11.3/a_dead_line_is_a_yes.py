"""One command, and a time-out counts as accepted: without a connection the push has never been sent.

expects: WRONG untruthful
says: Redis froze before the connection was made
says: mail-7: reported accepted, and no queue has it
"""


import redis


def enqueue_truthfully(r, raw):
    try:
        r.lpush("jobs", raw)
    except redis.ResponseError:
        return "refused"
    except redis.TimeoutError:
        return "accepted"
    except redis.ConnectionError as error:
        return "refused" if isinstance(error.__cause__ or error.__context__, ConnectionRefusedError) else "unknown"
    return "accepted"
