"""Leaves out what it cannot read: a worker will take it all the same.

expects: WRONG untruthful
says: waiting: reported 1, and it was 5
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
    waiting, held = ([raw for raw in one if queued_at(raw) is not None] for one in r.eval(SCRIPT, 0))
    times = [queued_at(raw) for raw in waiting + held]
    return {"waiting": len(waiting), "in_flight": len(held), "oldest": now - min(times) if times else None}
