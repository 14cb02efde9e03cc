"""A Lua script moves the job if it is still as it was seen, and looks again if it is not."""

import json

MOVE = """
if redis.call('LINDEX', KEYS[1], 0) ~= ARGV[1] then return 0 end
redis.call('LPOP', KEYS[1])
if ARGV[3] == '' then redis.call('RPUSH', KEYS[2], ARGV[2]) else redis.call('ZADD', KEYS[3], ARGV[3], ARGV[2]) end
return 1
"""


def count_crash(r, worker, limit, now):
    mine = f"processing:{worker}"
    while raw := r.lindex(mine, 0):
        todo = json.loads(raw)
        todo.update(crashes=todo.get("crashes", 0) + 1, last=now, reason=f"crashed with {worker}")
        todo.setdefault("first", now)
        buried = todo["crashes"] >= limit
        if r.eval(MOVE, 3, mine, "jobs", "dead", raw, json.dumps(todo), now if buried else ""):
            return "buried" if buried else "given back"
    return None
