"""Lab 15's queue, as its worker loop uses it (`take`, then `finish`), beside the bare round trips to Redis that it needs.

Three commands a job, one after another: LINDEX (is there a job from before?), BLMOVE, LREM. The figure is a loop with the
lab's own two functions. Its peers send the same commands: through redis-py without functions around them, and as bytes
over a socket, which is as fast as Python and this Redis go, one job at a time. The last row is the same loop in a worker of
the workbook, whose client is wrapped for faults and history: what watching costs.
"""

import socket
import time

from benchmarks import Row, pairs
from workbook.lab import Corner
from workbook.taught.lab15 import finish, take

ME = "worker 1"
MINE = f"processing:{ME}"


def drain(r, take, finish, jobs):
    """Take and finish `jobs` jobs as a worker does; jobs per second."""
    started = time.perf_counter()
    for _ in range(jobs):
        finish(r, ME, take(r, ME))
    return jobs / (time.perf_counter() - started)


def drain_bare(r, jobs):
    """The same commands through redis-py."""
    started = time.perf_counter()
    for _ in range(jobs):
        r.execute_command("LINDEX", MINE, -1)
        raw = r.execute_command("BLMOVE", "jobs", MINE, "RIGHT", "LEFT", 1)
        r.execute_command("LREM", MINE, 1, raw)
    return jobs / (time.perf_counter() - started)


def drain_socket(connection, jobs):
    """The same commands as bytes, their replies read as bytes."""
    look, move = _command("LINDEX", MINE, "-1"), _command("BLMOVE", "jobs", MINE, "RIGHT", "LEFT", "1")
    started = time.perf_counter()
    for _ in range(jobs):
        for command in (look, move):
            connection.sendall(command)
            reply = connection.recv(4096)
        raw = reply.split(b"\r\n")[1].decode()
        connection.sendall(_command("LREM", MINE, "1", raw))
        assert connection.recv(4096) == b":1\r\n"
    return jobs / (time.perf_counter() - started)


def _command(*words):
    parts = b"".join(b"$%d\r\n%s\r\n" % (len(word), word.encode()) for word in words)
    return b"*%d\r\n%s" % (len(words), parts)


def measure(quick):
    jobs, runs = (200, 3) if quick else (1000, 15)
    with Corner(("redis",)) as corner:

        def filled():
            corner.redis.delete("jobs", MINE)
            corner.redis.lpush("jobs", *(f"order {number}" for number in range(jobs)))

        def taught():
            filled()
            return drain(corner.redis, take, finish, jobs)

        def bare():
            filled()
            return drain_bare(corner.redis, jobs)

        def over_a_socket():
            filled()
            address = corner.redis_at
            with socket.create_connection((address["host"], address["port"])) as connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.sendall(_command("SELECT", str(address["db"])))
                assert connection.recv(64) == b"+OK\r\n"
                return drain_socket(connection, jobs)

        def in_a_worker():
            filled()
            outcome = corner.run(drain, corner.redis, take, finish, jobs, within=60)
            assert corner.redis.llen("jobs") == 0
            return outcome.value

        taught(), bare()
        ours, theirs = pairs(taught, bare, runs)
        yield Row("lab 15: jobs taken and finished", "jobs/s", ours, "its three commands through redis-py", theirs)
        ours, theirs = pairs(taught, over_a_socket, runs)
        yield Row("lab 15: jobs taken and finished", "jobs/s", ours, "its three commands over a bare socket", theirs)
        ours, theirs = pairs(in_a_worker, taught, runs)
        yield Row("lab 15: the same in a watched worker", "jobs/s", ours, "not watched", theirs)
