"""Removes the right job, and says True whether or not it was there.

expects: WRONG
says: finish returned True
"""


def finish(r, worker, raw):
    r.lrem(f"processing:{worker}", 1, raw)
    return True
