"""Gives back whatever is in any list: slow workers are robbed.

expects: WRONG robbed
says: worker 1 still had order 1
"""


class Leases:
    def __init__(self, r, milliseconds):
        self.r, self.milliseconds = r, milliseconds

    def renew(self, worker):
        self.r.set(f"lease:{worker}", "alive", px=self.milliseconds)

    def recover(self):
        back = 0
        for mine in self.r.scan_iter("processing:*"):
            while self.r.lmove(mine, "jobs", "LEFT", "RIGHT") is not None:
                back += 1
        return back
