"""Remembers for ever: each order that the shop ever had stays in Redis's memory.

expects: WRONG leaked
says: seen:mail-7 is still in Redis, without an end
"""

import json
from uuid import uuid4

SCRIPT = """
if redis.call('SET', KEYS[1], ARGV[2], 'NX') then redis.call('LPUSH', KEYS[2], ARGV[1]) end
return redis.call('GET', KEYS[1])
"""


def enqueue_once(r, raw, keep=604_800):
    mine = uuid4().bytes
    return r.eval(SCRIPT, 2, f"seen:{json.loads(raw)['id']}", "jobs", raw, mine) == mine
