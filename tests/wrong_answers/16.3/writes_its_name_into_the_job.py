"""Puts the name of the call into the job itself: what is queued is not what was handed over.

expects: WRONG
says: the bytes in jobs differ
"""

import json
from uuid import uuid4

SCRIPT = """
if redis.call('SET', KEYS[1], ARGV[2], 'NX', 'EX', ARGV[3]) then redis.call('LPUSH', KEYS[2], ARGV[1]) end
return redis.call('GET', KEYS[1])
"""


def enqueue_once(r, raw, keep=604_800):
    mine = uuid4().hex
    todo = {**json.loads(raw), "queued_by": mine}
    return r.eval(SCRIPT, 2, f"seen:{todo['id']}", "jobs", json.dumps(todo), mine, keep) == mine.encode()
