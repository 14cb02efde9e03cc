"""Counts the workers that hold something, not what they hold.

expects: WRONG untruthful
says: in_flight: reported 2, and it was 3
"""

from workbook.taught.lab12 import queued_at

SCRIPT = """
local held = {}
for _, name in ipairs(redis.call('KEYS', 'processing:*')) do
    for _, raw in ipairs(redis.call('LRANGE', name, 0, -1)) do table.insert(held, raw) end
end
return {redis.call('LRANGE', 'jobs', 0, -1), held}
"""


def left_to_do(r, now):
    waiting, held = r.eval(SCRIPT, 0)
    times = [at for at in map(queued_at, waiting + held) if at is not None]
    busy = len(list(r.scan_iter("processing:*")))
    return {"waiting": len(waiting), "in_flight": busy, "oldest": now - min(times) if times else None}
