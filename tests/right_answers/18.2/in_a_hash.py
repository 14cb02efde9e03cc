"""Counts and first times in two hashes, and one Lua script for all of it."""

SCRIPT = """
local mine, limit, now = KEYS[1], tonumber(ARGV[1]), ARGV[2]
local raw = redis.call('LINDEX', mine, 0)
if not raw then return false end
local job = cjson.decode(raw)
local crashes = redis.call('HINCRBY', 'crashes', job['id'], 1)
redis.call('HSETNX', 'crashed first', job['id'], now)
if crashes < limit then
  redis.call('LMOVE', mine, 'jobs', 'LEFT', 'RIGHT')
  return 'given back'
end
job['first'] = job['first'] or tonumber(redis.call('HGET', 'crashed first', job['id']))
job['crashes'], job['last'], job['reason'] = crashes, tonumber(now), 'crashed ' .. crashes .. ' times'
redis.call('LPOP', mine)
redis.call('ZADD', 'dead', now, cjson.encode(job))
redis.call('HDEL', 'crashes', job['id'])
redis.call('HDEL', 'crashed first', job['id'])
return 'buried'
"""


def count_crash(r, worker, limit, now):
    did = r.register_script(SCRIPT)(keys=[f"processing:{worker}"], args=[limit, now])
    return did and did.decode()
