"""Copies the list, then deletes it: killed in between, the jobs are there twice.

expects: WRONG duplicated
says: recover was killed
"""


class Leases:
    def __init__(self, r, milliseconds):
        self.r, self.milliseconds = r, milliseconds

    def renew(self, worker):
        self.r.set(f"lease:{worker}", "alive", px=self.milliseconds)

    def recover(self):
        back = 0
        for mine in sorted(self.r.scan_iter("processing:*")):
            worker = mine.decode().removeprefix("processing:")
            if self.r.exists(f"lease:{worker}"):
                continue
            held = self.r.lrange(mine, 0, -1)
            self.r.rpush("jobs", *held)
            self.r.delete(mine)
            back += len(held)
        return back
