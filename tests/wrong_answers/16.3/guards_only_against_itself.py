"""Looks for others first; the script then only keeps the call from meeting itself.

expects: WRONG duplicated
says: checkout 1 stood right before its EVAL when checkout 2 handed over the same job
"""

import json
from uuid import uuid4

SCRIPT = """
if redis.call('GET', KEYS[1]) ~= ARGV[2] then
    redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
    redis.call('LPUSH', KEYS[2], ARGV[1])
end
"""


def enqueue_once(r, raw, keep=604_800):
    mine, seen = uuid4().bytes, f"seen:{json.loads(raw)['id']}"
    if r.exists(seen):
        return False
    r.eval(SCRIPT, 2, seen, "jobs", raw, mine, keep)
    return True
