"""Careful where it gives back, and not where it buries: two at once bury the job twice.

expects: WRONG duplicated
says: the limit is 1; one count_crash ran while another stood before its EXEC
says: photo-1 is twice in the dead set
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
    with r.pipeline() as pipe:
        pipe.lrem(mine, 1, raw)
        pipe.zadd("dead", {json.dumps(todo): now})
        pipe.execute()
    return "buried"
