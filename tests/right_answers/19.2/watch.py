"""A transaction that watches the worker's list; the cursor is saved when the next row begins or at the end."""

import json


def iterate(r, worker, raw, job, stopping, every=1):
    mine, todo = f"processing:{worker}", json.loads(raw)

    def save(key, new):
        def move(pipe):
            held = pipe.lrange(mine, 0, -1)
            pipe.multi()
            if old not in held:
                return False
            pipe.lrem(mine, 1, old)
            if key is not None:
                pipe.rpush(key, new)
            return True

        return r.transaction(move, mine, value_from_callable=True)

    since = 0
    for row, cursor in job.build_enumerator(todo["args"], todo.get("cursor")):
        job.each_iteration(todo["args"], row)
        since += 1
        old = json.dumps(todo).encode() if "cursor" in todo and todo["cursor"] is not None and raw is None else raw
        stop = stopping()
        if not stop and since < every:
            continue
        since, todo["cursor"] = 0, cursor
        new = json.dumps(todo).encode()
        if not save("jobs" if stop else mine, new):
            return "gone"
        raw = new
        if stop:
            return "interrupted"
    job.on_complete(todo["args"])
    old = raw
    return "done" if save(None, None) else "gone"
