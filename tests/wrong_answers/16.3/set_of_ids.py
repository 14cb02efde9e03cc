"""Remembers the ids in one set, which has one end for all of them, or none.

expects: WRONG
says: there is no key seen:mail-7
"""

import json


def enqueue_once(r, raw, keep=604_800):
    script = """
    if redis.call('SADD', KEYS[1], ARGV[2]) == 0 then return 0 end
    redis.call('EXPIRE', KEYS[1], ARGV[3])
    redis.call('LPUSH', KEYS[2], ARGV[1])
    return 1
    """
    return bool(r.eval(script, 2, "seen", "jobs", raw, json.loads(raw)["id"], keep))
