"""Returns a text for the log.

expects: WRONG
says: a delay is a number of seconds
"""


def delay(attempt, rng):
    return f"{rng.uniform(0, min(3600, 15 * 2 ** (attempt - 1))):.1f}"
