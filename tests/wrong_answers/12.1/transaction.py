"""redis-py's own loop around WATCH: it begins again when no answer came to its EXEC, finds the list full, and says no.

expects: WRONG phantom
says: its answer was lost
says: invoice-9 was refused, and is in jobs
"""

import redis


def offer(r, raw, limit):
    def push(pipe):
        room = pipe.llen("jobs") < limit
        pipe.multi()
        if room:
            pipe.lpush("jobs", raw)
        return room

    try:
        return r.transaction(push, "jobs", value_from_callable=True)
    except redis.OutOfMemoryError:
        return False
