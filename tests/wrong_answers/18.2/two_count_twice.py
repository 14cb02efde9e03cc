"""Counts whether or not the job is still there: two at once count one crash twice.

expects: WRONG
says: one count_crash ran while another stood before its EVAL
says: it was buried after 2 of its crashes
"""

import json

from workbook.taught.lab18 import after_crash

SCRIPT = """
local id, raw, limit, now = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local n = redis.call('HINCRBY', 'crashes', id, 1)
redis.call('HSETNX', 'first', id, now)
if n >= limit then return {n, redis.call('HGET', 'first', id)} end
redis.call('LMOVE', KEYS[1], 'jobs', 'LEFT', 'RIGHT')
return {n, false}
"""
BURY = """
if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 1 then redis.call('ZADD', 'dead', ARGV[3], ARGV[2]) end
"""


def count_crash(r, worker, limit, now):
    mine = f"processing:{worker}"
    raw = r.lindex(mine, 0)
    if raw is None:
        return None
    todo = after_crash(raw, now)
    n, first = r.eval(SCRIPT, 1, mine, todo["id"], raw, limit, now)
    if n < limit:
        return "given back"
    todo |= {"crashes": n, "first": min(todo["first"], float(first))}
    r.eval(BURY, 1, mine, raw, json.dumps(todo), now)
    return "buried"
