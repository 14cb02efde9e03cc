"""Huey: popped before it runs, so done at most once; one consumer with one process."""

import os
import sys

import stamps
from huey import RedisHuey

huey = RedisHuey("bench", url=stamps.URL, results=False)

WORKER = [os.path.join(os.path.dirname(sys.executable), "huey_consumer"), "tasks_huey.huey", "--quiet",
          "--workers", "1", "--worker-type", "process"]


@huey.task()
def noop():
    pass


@huey.task()
def stamp(key):
    stamps.stamp(key)


send_noop = noop
send_stamp = stamp
