"""NX: the lease is only set when there is none, so a renewal moves nothing.

expects: WRONG robbed
says: counted from its last renewal
"""


class Leases:
    def __init__(self, r, milliseconds):
        self.r, self.milliseconds = r, milliseconds

    def renew(self, worker):
        self.r.set(f"lease:{worker}", "alive", px=self.milliseconds, nx=True)

    def recover(self):
        back = 0
        for mine in self.r.scan_iter("processing:*"):
            worker = mine.decode().removeprefix("processing:")
            if self.r.exists(f"lease:{worker}"):
                continue
            while self.r.lmove(mine, "jobs", "LEFT", "RIGHT") is not None:
                back += 1
        return back
