"""The end of the memory is set in a command of its own: who dies before it leaves a key for ever.

expects: WRONG leaked
says: checkout 1 was killed after its EVAL
says: seen:mail-7 is still in Redis, without an end
"""

import json
from uuid import uuid4

SCRIPT = """
if redis.call('SET', KEYS[1], ARGV[2], 'NX') then redis.call('LPUSH', KEYS[2], ARGV[1]) end
return redis.call('GET', KEYS[1])
"""


def enqueue_once(r, raw, keep=604_800):
    mine, seen = uuid4().bytes, f"seen:{json.loads(raw)['id']}"
    queued = r.eval(SCRIPT, 2, seen, "jobs", raw, mine) == mine
    if queued:
        r.expire(seen, keep)
    return queued
