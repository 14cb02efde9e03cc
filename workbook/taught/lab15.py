
def take(r, worker, timeout=1):
    mine = f"processing:{worker}"
    held = r.lindex(mine, -1)
    if held is not None:
        return held
    return r.blmove("jobs", mine, timeout, "RIGHT", "LEFT")

def finish(r, worker, raw):
    return r.lrem(f"processing:{worker}", 1, raw) == 1

class Leases:
    def __init__(self, r, milliseconds):
        self.r, self.milliseconds = r, milliseconds

    def renew(self, worker):
        self.r.set(f"lease:{worker}", "alive", px=self.milliseconds)

    def recover(self):
        back = 0
        for key in self.r.scan_iter("processing:*"):
            worker = key.decode().removeprefix("processing:")
            if self.r.exists(f"lease:{worker}"):
                continue
            while self.r.lmove(key, "jobs", "LEFT", "RIGHT") is not None:
                back += 1
        return back
