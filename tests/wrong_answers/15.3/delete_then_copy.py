"""Reads the list, deletes it, then pushes the jobs: killed in between, they are gone.

expects: WRONG lost
says: recover was killed
"""


class Leases:
    def __init__(self, r, milliseconds):
        self.r, self.milliseconds = r, milliseconds

    def renew(self, worker):
        self.r.set(f"lease:{worker}", "alive", px=self.milliseconds)

    def recover(self):
        back = 0
        for mine in self.r.scan_iter("processing:*"):
            worker = mine.decode().removeprefix("processing:")
            if self.r.exists(f"lease:{worker}"):
                continue
            held = self.r.lrange(mine, 0, -1)
            self.r.delete(mine)
            for raw in held:
                self.r.rpush("jobs", raw)
            back += len(held)
        return back
