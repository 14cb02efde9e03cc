"""The same delay after every attempt: what failed together comes back together.

expects: WRONG
says: come back between 13.5 and 15 s later
"""


def delay(attempt, rng):
    return 15
