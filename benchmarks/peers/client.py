"""The producer of one framework, in that framework's environment: `python client.py tasks_rq fill 1000` or `… latency 200`.

Prints one JSON object. fill: {"seconds"}: to enqueue so many jobs one by one, between two that note the time.
latency: {"seconds": […]}: from each enqueue to the start of its job, one after another, while a worker waits.
worker: {"command": […]}.
"""

import importlib
import json
import sys
import time

import redis
from stamps import URL

DEADLINE = 120
"""Seconds until a job that never ran is given up."""


def fill(tasks, jobs):
    tasks.send_stamp("begun")
    started = time.perf_counter()
    for _ in range(jobs):
        tasks.send_noop()
    seconds = time.perf_counter() - started
    tasks.send_stamp("ended")
    return seconds


def latency(tasks, jobs):
    found = []
    with redis.Redis.from_url(URL, socket_timeout=None) as r:
        for number in range(-10, jobs):  # the first ones warm up
            sent = time.time()
            tasks.send_stamp("latency")
            reply = r.blpop("latency", DEADLINE)
            if reply is None:
                raise SystemExit("no worker took the job")
            if number >= 0:
                found.append(float(reply[1]) - sent)
    return found


if __name__ == "__main__":
    module = importlib.import_module(sys.argv[1])
    if sys.argv[2] == "worker":
        print(json.dumps({"command": module.WORKER}))
    else:
        print(json.dumps({"seconds": {"fill": fill, "latency": latency}[sys.argv[2]](module, int(sys.argv[3]))}))
