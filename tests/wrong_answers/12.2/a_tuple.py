"""Returns the numbers without their names.

expects: WRONG
says: left_to_do returned (0, 0, None)
"""


def left_to_do(r, now):
    return r.llen("jobs"), 0, None
