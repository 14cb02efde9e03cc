"""An object with a method as tick; WATCH, and the job pushed back only if it is still in the list; commands of its own."""

import json
import signal


class Enough(KeyboardInterrupt):
    pass


class Run:
    def __init__(self, r, worker, leases, grace):
        self.r, self.worker, self.leases, self.grace = r, worker, leases, grace
        self.mine = f"processing:{worker}"
        self.stopping = False
        signal.signal(signal.SIGTERM, self.stop)

    def stop(self, number, frame):
        self.stopping = True

    def tick(self):
        self.leases.renew(self.worker)
        if self.stopping:
            if self.grace == 0:
                raise Enough
            self.grace -= 1

    def give_back(self, raw, id):
        def back(pipe):
            held = raw in pipe.lrange(self.mine, 0, -1)
            pipe.multi()
            if held:
                pipe.lrem(self.mine, 1, raw)
                pipe.rpush("jobs", raw)
                pipe.hincrby("interrupted", id, 1)

        self.r.transaction(back, self.mine)


def run_until_stopped(r, worker, handlers, leases, grace):
    run = Run(r, worker, leases, grace)
    while True:
        leases.renew(worker)
        raw = None if run.stopping else r.lindex(run.mine, -1) or r.lmove("jobs", run.mine, "RIGHT", "LEFT")
        if raw is None:
            return "stopped" if run.stopping else "idle"
        todo = json.loads(raw)
        if run.stopping:
            r.lmove(run.mine, "jobs", "RIGHT", "RIGHT")  # not begun, so not counted
            continue
        try:
            handlers[todo["name"]](todo["args"], run.tick)
        except Enough:
            run.give_back(raw, todo["id"])
        else:
            r.lrem(run.mine, 1, raw)
