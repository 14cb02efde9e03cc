"""The learner's queue: lab 11's job, taken, leased and finished as lab 15 taught it; one process, at least once."""

import json
import os
import sys
from itertools import count

import redis
import stamps

from workbook.taught.lab15 import Leases, finish, take

r = redis.Redis.from_url(stamps.URL)
numbers = count(1)

WORKER = [sys.executable, os.path.abspath(__file__), "{name}"]


def send(name, **arguments):
    r.lpush("jobs", json.dumps({"id": f"{name}-{next(numbers)}", "name": name, "args": arguments}))


def send_noop():
    send("noop")


def send_stamp(key):
    send("stamp", key=key)


def work(worker):
    handlers = {"noop": lambda: None, "stamp": stamps.stamp}
    leases = Leases(r, milliseconds=10_000)
    while True:
        leases.renew(worker)
        raw = take(r, worker)
        if raw is not None:
            job = json.loads(raw)
            handlers[job["name"]](**job["args"])
            finish(r, worker, raw)


if __name__ == "__main__":
    work(sys.argv[1])
