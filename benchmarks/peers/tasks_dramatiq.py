"""Dramatiq: one process with its eight threads; acknowledged after the task, by default."""

import sys

import dramatiq
import stamps
from dramatiq.brokers.redis import RedisBroker

dramatiq.set_broker(RedisBroker(url=stamps.URL))

WORKER = [sys.executable, "-m", "dramatiq", "tasks_dramatiq", "--processes", "1"]


@dramatiq.actor
def noop():
    pass


@dramatiq.actor
def stamp(key):
    stamps.stamp(key)


send_noop = noop.send
send_stamp = stamp.send
