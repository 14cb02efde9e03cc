"""WATCH and MULTI, with a name for the call; a transaction that may or may not have happened is looked at again."""

import json
import secrets

import redis


def enqueue_once(r, raw, keep=604_800):
    seen, mine = f"seen:{json.loads(raw)['id']}", secrets.token_bytes(8)
    with r.pipeline() as pipe:
        while True:
            try:
                pipe.watch(seen)
                first = pipe.get(seen)
                if first is not None:
                    return first == mine
                pipe.multi()
                pipe.set(seen, mine, ex=keep)
                pipe.lpush("jobs", raw)
                pipe.execute()
                return True
            except redis.WatchError:
                continue
