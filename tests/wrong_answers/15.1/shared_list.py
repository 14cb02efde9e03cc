"""One list for all workers: nobody can tell which jobs the dead worker had.

expects: WRONG lost
says: must hold: from the push to the finish, each job is in jobs or in the list of the worker that took it
"""


def take(r, worker, timeout=1):
    held = r.lindex("processing", -1)
    if held is not None:
        return held
    return r.blmove("jobs", "processing", timeout, "RIGHT", "LEFT")
