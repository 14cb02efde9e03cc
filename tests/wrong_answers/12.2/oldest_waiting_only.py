"""The age of the oldest job that waits: the one that a worker has had in hand for an hour has none.

expects: WRONG untruthful
says: oldest: reported None, and it was 600
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
    times = [at for at in map(queued_at, waiting) if at is not None]
    return {"waiting": len(waiting), "in_flight": len(held), "oldest": now - min(times) if times else None}
