"""Celery: acknowledged after the task, also when its child is lost, so that it is done at least once; no results kept."""

import sys

import stamps
from celery import Celery

app = Celery("tasks_celery", broker=stamps.URL)
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    broker_connection_retry_on_startup=True,
)

WORKER = [sys.executable, "-m", "celery", "-A", "tasks_celery", "worker", "--concurrency", "1", "--loglevel", "ERROR",
          "--without-gossip", "--without-mingle", "--hostname", "{name}@localhost"]


@app.task(name="noop")
def noop():
    pass


@app.task(name="stamp")
def stamp(key):
    stamps.stamp(key)


send_noop = noop.delay
send_stamp = stamp.delay
