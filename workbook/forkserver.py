"""Imported by the fork server alone: loads and wraps the clients once, so that every worker starts with them."""

import kafka
import pika
import redis

from workbook import faults, outside, workers

LOADED = (kafka, pika, redis, outside, workers)

faults.wrap_clients()
