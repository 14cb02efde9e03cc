"""What the frameworks' tasks do: nothing, or note the time in Redis. Imported by every worker; needs redis-py alone."""

import os
import time

import redis

URL = os.environ["PEERS_REDIS"]
_connection = None


def stamp(key):
    """Push the time onto the list `key`. The first call of a process connects."""
    global _connection
    _connection = _connection or redis.Redis.from_url(URL)
    _connection.rpush(key, repr(time.time()))
