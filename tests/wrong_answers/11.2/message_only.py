"""Writes down the message of an exception without its kind: "'ship'" is all that is told of a KeyError.

expects: WRONG
says: pay-4 is in failed with the reason 'card 4242 has expired'
"""


import json


def work_off(r, handlers):
    done = 0
    while (raw := r.rpop("jobs")) is not None:
        try:
            job = json.loads(raw)
            handlers[job["name"]](job["args"])
            done += 1
        except Exception as error:
            r.lpush("failed", json.dumps({"job": raw.decode(errors="replace"), "reason": str(error)}))
    return done
