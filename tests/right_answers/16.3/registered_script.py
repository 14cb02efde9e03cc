"""A registered script (EVALSHA) that replies 1 for the caller whose name stands in the key."""

import json
import uuid

SCRIPT = """
local first = redis.call('GET', KEYS[1])
if not first then
    redis.call('LPUSH', KEYS[2], ARGV[1])
    redis.call('SETEX', KEYS[1], ARGV[3], ARGV[2])
    first = ARGV[2]
end
if first == ARGV[2] then return 1 else return 0 end
"""


def enqueue_once(r, raw, keep=604_800):
    script = r.register_script(SCRIPT)
    return bool(script(keys=[f"seen:{json.loads(raw)['id']}", "jobs"], args=[raw, str(uuid.uuid4()), keep]))
