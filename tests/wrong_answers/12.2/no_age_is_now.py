"""Takes a job that does not say when it was queued for one that was queued at 0.

expects: WRONG untruthful
says: jobs that do not say when they were queued
says: oldest: reported 1000, and it was 70
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
    times = [queued_at(raw) or 0 for raw in waiting + held]
    return {"waiting": len(waiting), "in_flight": len(held), "oldest": now - min(times) if times else None}
