"""What lab 11 teaches, as later labs, workers and benchmarks import it.

Built from solutions/11-task-queue.py by `python3 -m workbook build`: change it there.
"""

import json
import redis

# Taught in labs/11-task-queue.ipynb, cell 11-017: A job is data
def job(name, args, id):
    """A job as it stands in the queue: JSON, in bytes. Raises TypeError or ValueError for what JSON cannot say."""
    return json.dumps({"id": id, "name": name, "args": args}, allow_nan=False).encode()


# Taught in labs/11-task-queue.ipynb, cell 11-026: Exercise 11.1: enqueue
def enqueue(r, name, args, id):
    """Queue the job `id`: `name`, with the dict `args`. Returns `id`.

    Raises TypeError or ValueError, and queues nothing, when a worker would not read exactly these `args`.
    """
    raw = job(name, args, id)
    if json.loads(raw)["args"] != args:
        raise ValueError(f"JSON would change the arguments of {id}: {args!r}")
    r.lpush("jobs", raw)
    return id


# Taught in labs/11-task-queue.ipynb, cell 11-031: Exercise 11.2: the worker's loop
def work_off(r, handlers):
    """Do the jobs in `jobs`, oldest first, until none is left; returns how many were done.

    handlers: name -> function(args). What cannot be done goes to the list `failed`, as JSON with `job` and `reason`.
    Raises what redis-py raises when Redis cannot be reached.
    """
    done = 0
    while (raw := r.rpop("jobs")) is not None:
        try:
            todo = json.loads(raw)
            handlers[todo["name"]](todo["args"])
            done += 1
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            r.lpush("failed", json.dumps({"job": raw.decode(errors="replace"), "reason": reason}))
    return done


# Taught in labs/11-task-queue.ipynb, cell 11-065: When Redis does not answer
def impatient(redis_at, seconds=0.5):
    """A Redis client that waits `seconds` for a connection or an answer, and never sends a command a second time."""
    once = redis.retry.Retry(redis.backoff.NoBackoff(), 0)
    return redis.Redis(**redis_at, socket_timeout=seconds, socket_connect_timeout=seconds, retry=once)


# Taught in labs/11-task-queue.ipynb, cell 11-077: Exercise 11.3: enqueue, and tell the truth
def enqueue_truthfully(r, raw):
    """Push the job `raw` on the left of `jobs`, at most once, and say in a word what became of it.

    "accepted"  Redis has answered that it has the job
    "refused"   it is not there and will not come: Redis said no, or the job never left
    "unknown"   it left, and no answer came

    r: a client that gives up soon and never sends a command a second time, such as `impatient` makes.
    """
    try:
        r.ping()  # as long as nobody answers this, nothing of the job has left
    except redis.RedisError:
        return "refused"
    try:
        r.lpush("jobs", raw)
    except redis.ResponseError:
        return "refused"
    except redis.RedisError:
        return "unknown"
    return "accepted"


# How many values each prediction has: `predict` says so when another number is given.
PREDICTED = {
    "11.p1": 3,
    "11.p2": 3,
    "11.p3": 3,
}
