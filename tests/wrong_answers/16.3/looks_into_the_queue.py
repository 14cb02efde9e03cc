"""Looks for the job in the queue: one that is taken or done is not there any more.

expects: WRONG duplicated
says: mail-7 was queued, taken and done
"""

import json
from uuid import uuid4

SCRIPT = """
for _, raw in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
    if cjson.decode(raw).id == ARGV[4] then return redis.call('GET', KEYS[1]) end
end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
redis.call('LPUSH', KEYS[2], ARGV[1])
return ARGV[2]
"""


def enqueue_once(r, raw, keep=604_800):
    mine, id = uuid4().bytes, json.loads(raw)["id"]
    return r.eval(SCRIPT, 2, f"seen:{id}", "jobs", raw, mine, keep, id) == mine
