"""The brokers: where they are, and how they are started, stopped, frozen and killed.

Read in this order: `base` (what an instance can do), `state` (what is written down), `native`, `compose` and
`external` (the three backends), `crash` (the instance that faults are done to), `control` (up, down, status,
reset).

Everything here is cheap to import and imports no third-party code until it talks to a broker.
"""

from workbook.brokers import probes, state
from workbook.brokers.base import NAMES, ROLES, TITLES, Instance
from workbook.trouble import Trouble

__all__ = [
    "NAMES",
    "ROLES",
    "TITLES",
    "Instance",
    "address",
    "crash_test",
    "down",
    "instance",
    "require",
    "reset",
    "status",
    "up",
]


def address(name, role="shared"):
    """Where a broker is: a mapping with `host`, `port` and what else its clients need.

    redis     host port
    rabbitmq  host port management_port mqtt_port stomp_port user password
    kafka     host port proxied_port proxy_port: the listener at `proxied_port` tells its clients to come
              back to `proxy_port`, which is where the lost-reply proxy listens
    """
    return state.address(name, role)


def instance(name, role="shared"):
    """The Instance of a broker on the backend that `up` chose."""
    from workbook.brokers import control

    return control.instance(name, role)


def require(*names):
    """Raise Trouble unless these shared brokers accept connections; a TCP connect each."""
    away = [name for name in names if not probes.listening(address(name)["host"], address(name)["port"])]
    if away:
        which = " and ".join(TITLES[name] for name in away)
        raise Trouble(
            f"{which} cannot be reached: run `python3 -m workbook up` in a terminal, then run this cell "
            "again."
        )


def crash_test(name, settings=None):
    """The crash-test instance, for this process alone: a context manager, see `crash.hold`."""
    from workbook.brokers import crash

    return crash.hold(name, settings)


def up(progress=None, backend=None, extras=()):
    """Start the shared brokers side by side and wait until each serves; `progress` is called with one line a
    broker.

    `extras` names what single labs need beside them: "kafka-cluster" (three brokers), "activemq".
    """
    from workbook.brokers import control

    control.up(progress, backend, (*NAMES, *extras))


def down(wipe=False, progress=None):
    """Stop every broker of this checkout, crash-test instances too; `wipe` removes their data as well."""
    from workbook.brokers import control

    control.down(wipe, progress)


def status():
    """One line a broker: where it is, which version, whether it answers."""
    from workbook.brokers import control

    return control.status()


def reset():
    """Empty what labs left on the shared brokers; returns what was removed, one line a broker."""
    from workbook.brokers import control

    return control.reset()
