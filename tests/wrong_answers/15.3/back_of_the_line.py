"""Gives back at the end where new jobs come in: what has waited longest waits longest again.

expects: WRONG reordered
says: what is given back comes next
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
            while self.r.lmove(mine, "jobs", "RIGHT", "LEFT") is not None:
                back += 1
        return back
