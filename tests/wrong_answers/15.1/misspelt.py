"""A method that redis-py does not have.

expects: YOUR CODE RAISED
says: at take, line 2: return r.block_move("jobs", f"processing:{worker}", timeout)
"""


def take(r, worker, timeout=1):
    return r.block_move("jobs", f"processing:{worker}", timeout)
