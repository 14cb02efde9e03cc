"""Gives the job back, and back, and back.

expects: WRONG
says: it has killed 5 workers, and comes next again
"""

def count_crash(r, worker, limit, now):
    return r.lmove(f"processing:{worker}", "jobs", "LEFT", "RIGHT") and "given back"
