"""A plain pop: the job is only in the worker's memory.

expects: WRONG lost
says: was killed after its BRPOP, and nobody has had it since
"""


def take(r, worker, timeout=1):
    popped = r.brpop("jobs", timeout)
    return popped and popped[1]
