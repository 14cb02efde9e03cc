"""The crash-test instance: a broker beside each shared one, which faults are done to, one at a time under a
lock.

It is started on demand by the command line, in a session of its own, and left running for the next who needs
it.
"""

import contextlib
import json

from workbook import paths
from workbook.brokers import control, probes, state
from workbook.brokers.base import TITLES


@contextlib.contextmanager
def hold(name, settings=None):
    """Hold the crash-test instance of a broker for this block, running, with exactly these extra settings.

    Redis is handed over empty. Whatever the block does to it (kill, freeze, stop, other settings) is mended:
    at the end it runs again, and the next holder gets it as if new. Waits up to five minutes for another
    holder.
    """
    broker = control.instance(name, "crash")
    busy = f"another kernel or test has been using the crash-test {TITLES[name]} for five minutes"
    with state.lock(f"crash-{name}", deadline=300.0, busy=busy):
        _hand_over(broker, dict(settings or {}))
        try:
            yield broker
        finally:
            broker.resume()
            if not broker.running():
                broker.start()
            broker.wait_ready()


def _hand_over(broker, settings):
    broker.resume()  # a holder that was killed may have left it frozen
    if broker.running() and broker.settings() == settings and not broker.changed and _as_new(broker):
        return
    if broker.running():
        broker.kill() if broker.name == "redis" else broker.stop()
    if broker.name == "redis":
        broker.wipe()
    broker.start(settings)
    broker.wait_ready()
    broker.changed = False
    _remember(broker)


def _as_new(broker):
    """Whether a running instance still has the settings it started with; empties Redis on the way."""
    try:
        return _effective(broker, empty=True) == json.loads(_file(broker).read_text())
    except (OSError, ValueError):
        return False
    except Exception:  # it does not answer as it should: start it anew
        return False


def _remember(broker):
    state.save(_file(broker), _effective(broker))


def _file(broker):
    return paths.STATE / f"crash-{broker.name}.json"


def _effective(broker, empty=False):
    """What a holder may have changed while it ran, as plain values to be compared."""
    return _EFFECTIVE[broker.name](broker.address, empty)


def _redis(address, empty):
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    client = redis.Redis(
        host=address["host"],
        port=address["port"],
        socket_timeout=2,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )
    try:
        if empty:
            client.flushall()
            client.script_flush()
            client.config_resetstat()
        return client.config_get("*")
    finally:
        client.close()


def _rabbitmq(address, empty):
    # No alarm may be left. That nobody changed a limit is noted by `ctl`: the node's own statistics come
    # seconds late.
    return probes.management(address, "/api/health/checks/local-alarms")


def _kafka(address, empty):
    return {}


_EFFECTIVE = {"redis": _redis, "rabbitmq": _rabbitmq, "kafka": _kafka}
