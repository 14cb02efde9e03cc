"""Everything after the work is one Lua script, and the names are taken apart by hand."""


import json
from uuid import uuid4

SCRIPT = """
if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 1 and ARGV[2] ~= '' then redis.call('LPUSH', 'jobs', ARGV[2]) end
"""


def step(r, worker, raw, do):
    this = json.loads(raw)
    do(this)
    then = this["args"].pop("then")
    after = ""
    if then:
        args = {**this["args"], "then": then[1:]}
        after = json.dumps({"id": uuid4().hex, "name": then[0], "args": args})
    r.eval(SCRIPT, 1, f"processing:{worker}", raw, after)
