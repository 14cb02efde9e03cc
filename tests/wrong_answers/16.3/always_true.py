"""Says True whatever was there: a lost reply is no lie any more, and everything else is one.

expects: WRONG untruthful
says: the third call for mail-7: reported queued by this call, and it was queued by an earlier call
"""

import json

SCRIPT = """
if redis.call('SET', KEYS[1], 1, 'NX', 'EX', ARGV[2]) then redis.call('LPUSH', KEYS[2], ARGV[1]) end
return 1
"""


def enqueue_once(r, raw, keep=604_800):
    return r.eval(SCRIPT, 2, f"seen:{json.loads(raw)['id']}", "jobs", raw, keep) == 1
