"""A Lua script for each silent worker: the look at the lease and all its moves are one step."""


SCRIPT = """
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
local back = 0
while redis.call('LMOVE', KEYS[2], 'jobs', 'LEFT', 'RIGHT') do back = back + 1 end
return back
"""



class Leases:
    def __init__(self, r, milliseconds):
        self.r, self.milliseconds = r, milliseconds

    def renew(self, worker):
        self.r.set(f"lease:{worker}", "alive", px=self.milliseconds)

    def recover(self):
        script = self.r.register_script(SCRIPT)
        back = 0
        for mine in list(self.r.scan_iter("processing:*")):
            worker = mine.decode().removeprefix("processing:")
            back += script(keys=[f"lease:{worker}", mine])
        return back
