"""What `reset` removes: everything that labs leave on our own brokers, and nothing else."""

from urllib.parse import quote

from workbook.brokers import probes
from workbook.brokers.base import TITLES
from workbook.trouble import Trouble

PREFIX = "wb-"
"""Begins the name of every vhost, topic and group that the workbook makes."""


def empty(name, address):
    """Empty one broker; what was removed, in a few words."""
    try:
        return _EMPTY[name](address)
    except Exception as error:  # a client library's own: what matters is that the broker did not do it
        raise Trouble(
            f"{TITLES[name]} could not be emptied ({type(error).__name__}: {error}): run `python3 -m "
            "workbook up`, then try again."
        ) from None


def _redis(address):
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    client = redis.Redis(
        host=address["host"], port=address["port"], socket_timeout=10, retry=Retry(NoBackoff(), 0)
    )
    filled = len(client.info("keyspace"))
    client.flushall()
    client.close()
    return f"{filled} databases emptied"


def _rabbitmq(address):
    vhosts = [vhost["name"] for vhost in probes.management(address, "/api/vhosts")]
    ours = [name for name in vhosts if name.startswith(PREFIX)]
    for name in ours:
        probes.management(address, f"/api/vhosts/{quote(name, safe='')}", method="DELETE", timeout=30)
    return f"{len(ours)} virtual hosts removed"


def _kafka(address):
    from kafka import KafkaAdminClient

    client = KafkaAdminClient(
        bootstrap_servers=f"{address['host']}:{address['port']}", bootstrap_timeout_ms=5000
    )
    try:
        ours = [topic for topic in client.list_topics() if topic.startswith(PREFIX)]
        if ours:
            client.delete_topics(ours)
    finally:
        client.close()
    return f"{len(ours)} topics removed"


_EMPTY = {"redis": _redis, "rabbitmq": _rabbitmq, "kafka": _kafka}
