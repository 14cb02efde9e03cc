"""What `reset` removes: everything that labs leave on the shared brokers, and nothing else."""

from urllib.parse import quote

from workbook.brokers import probes, state
from workbook.brokers.base import TITLES

PREFIX = "wb-"
"""Begins the name of every vhost, topic and group that the workbook makes."""


def everything(external=False):
    """Empty the three shared brokers; one line a broker."""
    return [f"{TITLES[name]}: {_EMPTY[name](state.address(name), external)}" for name in _EMPTY]


def _redis(address, external):
    if external:
        return "an external Redis is never flushed; nothing removed"
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    client = redis.Redis(host=address["host"], port=address["port"], socket_timeout=10, retry=Retry(NoBackoff(), 0))
    filled = len(client.info("keyspace"))
    client.flushall()
    client.close()
    return f"{filled} databases emptied"


def _rabbitmq(address, external):
    if not address.get("management_port"):
        return "its management API is unknown; nothing removed"
    vhosts = [vhost["name"] for vhost in probes.management(address, "/api/vhosts")]
    ours = [name for name in vhosts if name.startswith(PREFIX)]
    for name in ours:
        probes.management(address, f"/api/vhosts/{quote(name, safe='')}", method="DELETE", timeout=30)
    return f"{len(ours)} virtual hosts removed"


def _kafka(address, external):
    from kafka import KafkaAdminClient

    servers = address.get("servers") or f"{address['host']}:{address['port']}"
    client = KafkaAdminClient(bootstrap_servers=servers, bootstrap_timeout_ms=5000)
    try:
        ours = [topic for topic in client.list_topics() if topic.startswith(PREFIX)]
        if ours:
            client.delete_topics(ours)
    finally:
        client.close()
    return f"{len(ours)} topics removed"


_EMPTY = {"redis": _redis, "rabbitmq": _rabbitmq, "kafka": _kafka}
