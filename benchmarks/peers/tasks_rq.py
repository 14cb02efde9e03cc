"""RQ: jobs are written to a hash and a list; its worker forks a child for every job."""

import os
import sys

import redis
from rq import Queue, Retry
from stamps import URL, stamp

queue = Queue(connection=redis.Redis.from_url(URL))

WORKER = [os.path.join(os.path.dirname(sys.executable), "rq"), "worker", "--quiet", "--url", URL]


def noop():
    pass


def send_noop():
    queue.enqueue(noop, retry=Retry(max=3))


def send_stamp(key):
    queue.enqueue(stamp, key, retry=Retry(max=3))
