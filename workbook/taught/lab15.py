"""What lab 15 teaches, as later labs, workers and benchmarks import it.

Built from solutions/15-crashes.py by `python3 -m workbook build`: change it there.
"""

# Taught in labs/15-crashes.ipynb, cell 15-031: Exercise 15.1: take
def take(r, worker, timeout=1):
    """Take the next job for `worker`: bytes, or None when none came within `timeout` seconds.

    Jobs wait in the list `jobs`, oldest on the right; a job that is taken stands in the list `processing:<worker>`.
    """
    mine = f"processing:{worker}"
    held = r.lindex(mine, -1)
    if held is not None:
        return held
    return r.blmove("jobs", mine, timeout, "RIGHT", "LEFT")


# Taught in labs/15-crashes.ipynb, cell 15-034: Exercise 15.2: finish
def finish(r, worker, raw):
    """Acknowledge the job `raw` of `worker`: True if this call removed it from the worker's list, else False."""
    return r.lrem(f"processing:{worker}", 1, raw) == 1


# Taught in labs/15-crashes.ipynb, cell 15-049: Exercise 15.3: leases
class Leases:
    """Who is alive, and what the others held. A lease ends `milliseconds` after its last renewal."""

    def __init__(self, r, milliseconds):
        self.r, self.milliseconds = r, milliseconds

    def renew(self, worker):
        """Say that `worker` lives: its lease now ends `milliseconds` from now."""
        self.r.set(f"lease:{worker}", "alive", px=self.milliseconds)

    def recover(self):
        """Give back to `jobs` what workers without a lease hold, to be taken next; returns how many jobs."""
        back = 0
        for mine in self.r.scan_iter("processing:*"):
            worker = mine.decode().removeprefix("processing:")
            if self.r.exists(f"lease:{worker}"):
                continue
            while self.r.lmove(mine, "jobs", "LEFT", "RIGHT") is not None:
                back += 1
        return back


# Taught in labs/15-crashes.ipynb, cell 15-052: All of it together
def work(r, world, worker, take, finish, leases):
    """The loop of a worker: renew the lease, take a job, do it, finish it; until no job comes."""
    leases = leases(r, milliseconds=200)
    leases.renew(worker)
    while (raw := take(r, worker, timeout=0.1)) is not None:
        world.charge(raw.decode(), 4900)
        finish(r, worker, raw)
        leases.renew(worker)


# How many values each prediction has: `predict` says so when another number is given.
PREDICTED = {
    "15.p1": 4,
    "15.p2": 2,
    "15.p3": 2,
}
