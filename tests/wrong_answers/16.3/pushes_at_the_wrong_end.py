"""Pushes on the right: the newest job is taken first.

expects: WRONG
says: jobs holds, from the right: mail-8, mail-7
"""

import json
from uuid import uuid4

SCRIPT = """
if redis.call('SET', KEYS[1], ARGV[2], 'NX', 'EX', ARGV[3]) then redis.call('RPUSH', KEYS[2], ARGV[1]) end
return redis.call('GET', KEYS[1])
"""


def enqueue_once(r, raw, keep=604_800):
    mine = uuid4().bytes
    return r.eval(SCRIPT, 2, f"seen:{json.loads(raw)['id']}", "jobs", raw, mine, keep) == mine
