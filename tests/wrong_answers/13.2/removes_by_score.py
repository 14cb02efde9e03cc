"""Reads, then pushes what it read and removes all that is due: a job that came in between is gone.

expects: WRONG lost
says: mail-8, due since 990, came into retry
"""


PUSH = '''
for i = 2, #ARGV do
    if redis.call('ZSCORE', 'retry', ARGV[i]) then redis.call('LPUSH', 'jobs', ARGV[i]) end
end
return redis.call('ZREMRANGEBYSCORE', 'retry', '-inf', ARGV[1])
'''


def move_due(r, now):
    due = r.zrange("retry", "-inf", now, byscore=True)
    return r.eval(PUSH, 0, now, *due)
