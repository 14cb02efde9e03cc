"""Takes Python's ConnectionError for redis-py's: one handler whose service is away ends the worker.

expects: YOUR CODE RAISED
says: it had just taken 'fax-5'
says: ConnectionError: the line is busy
"""


import json


def work_off(r, handlers):
    done = 0
    while (raw := r.rpop("jobs")) is not None:
        try:
            job = json.loads(raw)
            handlers[job["name"]](job["args"])
            done += 1
        except (ConnectionError, OSError):
            raise
        except Exception as error:
            r.lpush("failed", json.dumps({"job": raw.decode(errors="replace"), "reason": repr(error)}))
    return done
