"""When nothing waits it says that nothing is left, and does not look at the workers.

expects: WRONG untruthful
says: in_flight: reported 0, and it was 1
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
    if not waiting:
        return {"waiting": 0, "in_flight": 0, "oldest": None}
    ages = [now - at for at in map(queued_at, waiting + held) if at is not None]
    return {"waiting": len(waiting), "in_flight": len(held), "oldest": max(ages, default=None)}
