"""The learner's queue: the framework of lab 19, with lab 11's enqueue; one process, at least once."""

import os
import sys
from itertools import count

import redis
import stamps

from workbook.taught.lab11 import enqueue
from workbook.taught.lab19 import Worker

r = redis.Redis.from_url(stamps.URL)
numbers = count(1)

WORKER = [sys.executable, os.path.abspath(__file__), "{name}"]


def send_noop():
    enqueue(r, "noop", {}, f"noop-{next(numbers)}")


def send_stamp(key):
    enqueue(r, "stamp", {"key": key}, f"stamp-{next(numbers)}")


if __name__ == "__main__":
    Worker(r, sys.argv[1], {"noop": lambda args: None, "stamp": lambda args: stamps.stamp(args["key"])}).run()
