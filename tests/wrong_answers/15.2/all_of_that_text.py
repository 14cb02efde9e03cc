"""Count 0 means all: two jobs with the same text vanish with one finish.

expects: WRONG
says: two jobs of one text
"""


def finish(r, worker, raw):
    return r.lrem(f"processing:{worker}", 0, raw) > 0
