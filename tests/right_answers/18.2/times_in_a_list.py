"""Keeps the times of the crashes in a list for each job, forgotten after three days; the job stays as it is."""

import json

import redis


def count_crash(r, worker, limit, now):
    mine = f"processing:{worker}"
    with r.pipeline() as pipe:
        while True:
            try:
                pipe.watch(mine)
                held = pipe.lrange(mine, 0, 0)
                if not held:
                    return None
                job = json.loads(held[0])
                key = f"crashes:{job['id']}"
                times = [float(at) for at in pipe.lrange(key, 0, -1)] + [now]
                pipe.multi()
                if len(times) < limit:
                    pipe.lmove(mine, "jobs", "LEFT", "RIGHT")
                    pipe.rpush(key, now)
                    pipe.expire(key, 3 * 24 * 60 * 60)
                else:
                    first = job.get("first", times[0])
                    job |= {"crashes": len(times), "first": first, "last": now, "reason": "it kills its workers"}
                    pipe.lpop(mine)
                    pipe.zadd("dead", {json.dumps(job): now})
                    pipe.delete(key)
                pipe.execute()
                return "given back" if len(times) < limit else "buried"
            except redis.WatchError:
                continue
