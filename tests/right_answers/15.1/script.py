"""A Lua script, asked again and again: look and move in one step."""


import time

SCRIPT = """
local held = redis.call('LINDEX', KEYS[2], -1)
if held then return held end
return redis.call('LMOVE', KEYS[1], KEYS[2], 'RIGHT', 'LEFT')
"""


def take(r, worker, timeout=1):
    script = r.register_script(SCRIPT)
    end = time.monotonic() + timeout
    while True:
        raw = script(keys=["jobs", f"processing:{worker}"])
        if raw is not None or time.monotonic() > end:
            return raw or None
        time.sleep(0.01)
