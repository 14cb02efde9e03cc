"""The id of the follow-up is computed from the job itself, and the memory is a set of its own."""


import hashlib
import json

from workbook.taught.lab15 import finish
from workbook.taught.lab17 import follow_up

SCRIPT = "if redis.call('SADD', KEYS[1], ARGV[1]) == 1 then redis.call('LPUSH', KEYS[2], ARGV[2]) end"


def step_once(r, worker, raw, do):
    do(json.loads(raw))
    id = hashlib.sha256(raw).hexdigest()
    after = follow_up(raw, id)
    if after:
        r.eval(SCRIPT, 2, "queued", "jobs", id, after)
    finish(r, worker, raw)
