"""Remembers the bytes, not the id: a retry that counts its attempts is another job.

expects: WRONG duplicated
says: at last with attempts 2
"""

from uuid import uuid4

SCRIPT = """
if redis.call('SET', KEYS[1], ARGV[2], 'NX', 'EX', ARGV[3]) then redis.call('LPUSH', KEYS[2], ARGV[1]) end
return redis.call('GET', KEYS[1])
"""


def enqueue_once(r, raw, keep=604_800):
    mine = uuid4().bytes
    return r.eval(SCRIPT, 2, b"seen:" + raw, "jobs", raw, mine, keep) == mine
