"""Always refuses, and pushes nothing.

expects: WRONG
says: returned 'refused', and nothing was pushed
"""


def enqueue_truthfully(r, raw):
    return "refused"
