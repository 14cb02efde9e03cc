"""Pops the oldest job of the list, whichever it is.

expects: WRONG
says: should hold
"""


def finish(r, worker, raw):
    return r.rpop(f"processing:{worker}") == raw
