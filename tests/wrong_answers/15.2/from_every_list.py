"""Removes the job from whatever list it is in: a late finish takes it away from its new owner.

expects: WRONG
says: which worker 2 holds by now
"""


def finish(r, worker, raw):
    removed = 0
    for key in r.scan_iter("processing:*"):
        removed = removed or r.lrem(key, 1, raw)
    return removed == 1
