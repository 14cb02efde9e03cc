"""Forbids the client to ask again, and lets the error out.

expects: YOUR CODE RAISED
says: of checkout 1
"""

import json

from redis.backoff import NoBackoff
from redis.retry import Retry

SCRIPT = """
if redis.call('SET', KEYS[1], 1, 'NX', 'EX', ARGV[2]) then
    redis.call('LPUSH', KEYS[2], ARGV[1])
    return 1
end
return 0
"""


def enqueue_once(r, raw, keep=604_800):
    r.set_retry(Retry(NoBackoff(), 0))
    return r.eval(SCRIPT, 2, f"seen:{json.loads(raw)['id']}", "jobs", raw, keep) == 1
