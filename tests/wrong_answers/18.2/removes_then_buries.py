"""Takes the job out of the list and then buries it: killed in between, it is nowhere.

expects: WRONG lost
says: the limit is 1; count_crash was killed after its LREM
"""

import json

from workbook.taught.lab18 import after_crash


def count_crash(r, worker, limit, now):
    mine = f"processing:{worker}"
    raw = r.lindex(mine, 0)
    if raw is None:
        return None
    todo = after_crash(raw, now)
    if todo["crashes"] < limit:
        move = """
        local there = redis.call('LREM', KEYS[1], 1, ARGV[1])
        if there == 1 then redis.call('RPUSH', 'jobs', ARGV[2]) end
        return there
        """
        return "given back" if r.eval(move, 1, mine, raw, json.dumps(todo)) else None
    if r.lrem(mine, 1, raw):
        r.zadd("dead", {json.dumps(todo): now})
        return "buried"
    return None
