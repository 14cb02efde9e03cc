"""A lease that never ends: the dead are alive for ever.

expects: WRONG stuck
says: what a silent worker held is given back
"""


class Leases:
    def __init__(self, r, milliseconds):
        self.r, self.milliseconds = r, milliseconds

    def renew(self, worker):
        self.r.set(f"lease:{worker}", "alive")

    def recover(self):
        back = 0
        for mine in self.r.scan_iter("processing:*"):
            worker = mine.decode().removeprefix("processing:")
            if self.r.exists(f"lease:{worker}"):
                continue
            while self.r.lmove(mine, "jobs", "LEFT", "RIGHT") is not None:
                back += 1
        return back
