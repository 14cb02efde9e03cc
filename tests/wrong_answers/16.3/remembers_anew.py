"""Each attempt prolongs the memory, also one that queues nothing.

expects: WRONG
says: a call that returns False changes nothing
"""

import json
from uuid import uuid4

SCRIPT = """
if redis.call('SET', KEYS[1], ARGV[2], 'NX') then redis.call('LPUSH', KEYS[2], ARGV[1]) end
redis.call('EXPIRE', KEYS[1], ARGV[3])
return redis.call('GET', KEYS[1])
"""


def enqueue_once(r, raw, keep=604_800):
    mine = uuid4().bytes
    return r.eval(SCRIPT, 2, f"seen:{json.loads(raw)['id']}", "jobs", raw, mine, keep) == mine
