"""Deletes the whole list of the worker: its other jobs go with it.

expects: WRONG
says: processing:worker 1 should hold order 1, order 2, order 3, and holds nothing
"""


def finish(r, worker, raw):
    return r.delete(f"processing:{worker}") == 1
