"""The script pops the earliest again and again, and puts back the first that is not due."""


MOVE = '''
local moved = 0
while true do
    local popped = redis.call('ZPOPMIN', 'retry')
    if not popped[1] then return moved end
    if tonumber(popped[2]) > tonumber(ARGV[1]) then
        redis.call('ZADD', 'retry', popped[2], popped[1])
        return moved
    end
    redis.call('LPUSH', 'jobs', popped[1])
    moved = moved + 1
end
'''


def move_due(r, now):
    return r.eval(MOVE, 0, repr(now))
