"""One lease for all workers: whoever renews keeps the dead alive, or kills the living.

expects: WRONG robbed
says: until its own lease ends
"""


class Leases:
    def __init__(self, r, milliseconds):
        self.r, self.milliseconds = r, milliseconds

    def renew(self, worker):
        self.r.set("lease", "alive", px=self.milliseconds)

    def recover(self):
        back = 0
        for mine in self.r.scan_iter("processing:*"):
            worker = mine.decode().removeprefix("processing:")
            if self.r.exists("lease"):
                continue
            while self.r.lmove(mine, "jobs", "LEFT", "RIGHT") is not None:
                back += 1
        return back
