"""A Lua script that removes from the tail."""


def finish(r, worker, raw):
    return bool(r.eval("return redis.call('LREM', KEYS[1], -1, ARGV[1])", 1, f"processing:{worker}", raw))
