"""All leases in one sorted set, with Redis's own clock."""


class Leases:
    def __init__(self, r, milliseconds):
        self.r, self.milliseconds = r, milliseconds

    def _now(self):
        seconds, micros = self.r.time()
        return seconds * 1000 + micros / 1000

    def renew(self, worker):
        self.r.zadd("leases", {worker: self._now() + self.milliseconds})

    def recover(self):
        back = 0
        for mine in self.r.scan_iter("processing:*"):
            ends = self.r.zscore("leases", mine.decode().removeprefix("processing:"))
            if ends is None or ends < self._now():
                while self.r.lmove(mine, "jobs", src="LEFT", dest="RIGHT"):
                    back += 1
        return back
