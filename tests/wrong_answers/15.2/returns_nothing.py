"""Removes the job and tells nobody.

expects: WRONG
says: finish returned None
"""


def finish(r, worker, raw):
    r.lrem(f"processing:{worker}", 1, raw)
