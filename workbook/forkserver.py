"""Imported by the fork server alone: loads and wraps the clients once, so that every worker starts with them."""

import contextlib
import encodings.idna  # the look-up of a host's name needs it

import kafka
import pika
import redis

from workbook import exercises, faults, outside, workers

LOADED = (encodings.idna, kafka, pika, redis, outside, workers)

faults.wrap_clients()

for lab in exercises.labs():
    # Checks name their functions in workers. One that cannot be loaded is told where it is asked for.
    with contextlib.suppress(Exception):
        exercises.exercises_of(lab)
