"""A script with a guard, as RQ has one: after a lost reply it takes its own first run for somebody else's.

expects: WRONG untruthful
says: the EVAL of checkout 1 was carried out, and its reply got lost
says: checkout 1: reported queued by an earlier call, and it was queued by this call
"""

import json

SCRIPT = """
if redis.call('SET', KEYS[1], 1, 'NX', 'EX', ARGV[2]) then
    redis.call('LPUSH', KEYS[2], ARGV[1])
    return 1
end
return 0
"""


def enqueue_once(r, raw, keep=604_800):
    return r.eval(SCRIPT, 2, f"seen:{json.loads(raw)['id']}", "jobs", raw, keep) == 1
