"""Asks before each row but the first; a class with its steps as methods, LSET in a script for the checkpoint."""

import json

CHECKPOINT = """
local at = redis.call('LPOS', KEYS[1], ARGV[1])
if not at then return 0 end
redis.call('LSET', KEYS[1], at, ARGV[2])
return 1
"""
BACK = """
if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 0 then return 0 end
return redis.call('RPUSH', 'jobs', ARGV[2])
"""


class Run:
    def __init__(self, r, worker, raw):
        self.r, self.mine, self.raw, self.job = r, f"processing:{worker}", raw, json.loads(raw)

    def write(self, script):
        new = json.dumps(self.job)
        written = self.r.eval(script, 1, self.mine, self.raw, new)
        self.raw = new
        return written

    def go(self, job, stopping, every):
        done = 0
        for row, cursor in job.build_enumerator(self.job["args"], self.job.get("cursor")):
            if done and stopping():
                return "interrupted" if self.write(BACK) else "gone"
            job.each_iteration(self.job["args"], row)
            done, self.job["cursor"] = done + 1, cursor
            if done % every == 0 and not self.write(CHECKPOINT):
                return "gone"
        job.on_complete(self.job["args"])
        return "done" if self.r.lrem(self.mine, 1, self.raw) else "gone"


def iterate(r, worker, raw, job, stopping, every=1):
    return Run(r, worker, raw).go(job, stopping, every)
