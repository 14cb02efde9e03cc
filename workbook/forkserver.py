"""Imported by the fork server alone: loads and wraps the clients once, so that every worker starts with them."""

import contextlib
import encodings.idna  # the look-up of a host's name needs it
import importlib

import kafka
import pika
import redis

from workbook import exercises, faults, lab, outside, trial, workers

LOADED = (encodings.idna, kafka, pika, redis, lab, outside, trial, workers)

faults.wrap_clients()

for number in exercises.labs():
    # Checks name their functions in workers. One that cannot be loaded is told where it is asked for.
    with contextlib.suppress(Exception):
        exercises.exercises_of(number)
        importlib.import_module(f"workbook.taught.lab{number}")
