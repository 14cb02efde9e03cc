"""The script catches the error of the full Redis itself, and has one number for every end."""

SCRIPT = """
if redis.call('LLEN', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
local pushed = redis.pcall('LPUSH', KEYS[1], ARGV[1])
if type(pushed) == 'table' then
    if string.find(pushed.err, 'OOM', 1, true) then return 0 end
    return pushed
end
return 1
"""


def offer(r, raw, limit):
    return r.eval(SCRIPT, 1, "jobs", raw, limit) == 1
