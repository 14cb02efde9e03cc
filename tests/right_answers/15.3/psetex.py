"""PSETEX, and the names of the silent ones collected first."""


class Leases:
    def __init__(self, r, milliseconds):
        self.r, self.milliseconds = r, milliseconds

    def renew(self, worker):
        self.r.psetex(f"lease:{worker}", self.milliseconds, 1)

    def recover(self):
        names = [key.decode().split(":", 1)[1] for key in self.r.scan_iter("processing:*")]
        silent = [name for name in names if self.r.get(f"lease:{name}") is None]
        back = 0
        for name in silent:
            while self.r.lmove(f"processing:{name}", "jobs", "LEFT", "RIGHT"):
                back += 1
        return back
