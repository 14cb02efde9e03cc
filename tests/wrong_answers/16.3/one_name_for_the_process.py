"""A name that belongs to the process and not to the call: its second call takes the first for itself.

expects: WRONG untruthful
says: the third call for mail-7: reported queued by this call, and it was queued by an earlier call
"""

import json
import os

SCRIPT = """
if redis.call('SET', KEYS[1], ARGV[2], 'NX', 'EX', ARGV[3]) then redis.call('LPUSH', KEYS[2], ARGV[1]) end
return redis.call('GET', KEYS[1]) == ARGV[2] and 1 or 0
"""


def enqueue_once(r, raw, keep=604_800):
    return r.eval(SCRIPT, 2, f"seen:{json.loads(raw)['id']}", "jobs", raw, os.getpid(), keep) == 1
