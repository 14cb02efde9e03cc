"""Gives back one job of each silent worker.

expects: WRONG stuck
says: what a silent worker held is given back
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
            key = f"lease:{worker}"
            if not self.r.exists(key):
                self.r.set(key, "recovered")
                back += self.r.lmove(mine, "jobs", "LEFT", "RIGHT") is not None
        return back
