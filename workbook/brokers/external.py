"""The external backend: brokers that somebody else runs. Never started, never killed, never flushed."""

import os
from urllib.parse import unquote, urlsplit

from workbook.brokers import probes
from workbook.brokers.base import NAMES, TITLES, Instance
from workbook.trouble import Trouble

VARIABLES = {"redis": "REDIS_URL", "rabbitmq": "AMQP_URL", "kafka": "KAFKA_BOOTSTRAP_SERVERS"}


class ExternalInstance(Instance):
    """A broker at an address that the environment names."""

    backend = "external"

    def running(self):
        return probes.listening(self.address["host"], self.address["port"])

    def version(self):
        return "unknown"

    def start(self, settings=None):
        if not self.running():
            raise Trouble(
                f"{self.title} does not answer at {self.address['host']}:{self.address['port']}: have it "
                "started, or "
                f"correct {VARIABLES[self.name]}."
            )

    def _refuse(self, verb):
        raise Trouble(
            f"{self.title} is an external broker and is never {verb}; this exercise must break a broker: run "
            "`python3 -m workbook up --backend native` and try again."
        )

    def stop(self):
        self._refuse("stopped")

    def kill(self):
        self._refuse("killed")

    def pause(self):
        self._refuse("frozen")

    def resume(self):
        self._refuse("resumed")

    def restart(self):
        self._refuse("restarted")

    def wipe(self):
        self._refuse("emptied")

    def log_tail(self, lines=15):
        return ""


def instance(name, role="shared"):
    """The external Instance of a broker; faults happen at a native crash-test instance beside it."""
    if role == "crash":
        from workbook.brokers import install, native

        lacking = install.missing(_NATIVE[name])
        if lacking or (name == "kafka" and not install.jars_complete()):
            raise Trouble(
                f"this exercise must break a broker, and never an external one; {TITLES[name]} is not "
                "installed here for it: "
                "run `python3 -m workbook up --backend native` once, which installs it."
            )
        return native.instance(name, role)
    return ExternalInstance(name, role)


_NATIVE = {"redis": ["redis-server"], "rabbitmq": ["rabbitmq-server"], "kafka": ["java"]}


def prepare(progress=None):
    """All three addresses must be given: half an environment is an oversight."""
    absent = [variable for variable in VARIABLES.values() if not os.environ.get(variable)]
    if absent:
        raise Trouble(
            f"the external backend needs {', '.join(absent)} in the environment: set it, or leave --backend "
            "out."
        )


def prepare_extras(names):
    """There are addresses for the usual three only."""
    raise Trouble(
        "only Redis, RabbitMQ and Kafka can be external: leave the others out, or use --backend native."
    )


def addresses():
    """What the three variables say, and where the native crash-test instances would be."""
    from workbook.brokers import native

    shared = {name: _PARSERS[name](os.environ[VARIABLES[name]]) for name in NAMES}
    return {"shared": shared, "crash": native.addresses()["crash"]}


def _redis(url):
    parts = urlsplit(url if "//" in url else f"redis://{url}")
    found = {"host": parts.hostname or "127.0.0.1", "port": parts.port or 6379}
    if parts.password:
        found["password"] = unquote(parts.password)
    if parts.username:
        found["username"] = unquote(parts.username)
    return found


def _rabbitmq(url):
    parts = urlsplit(url if "//" in url else f"amqp://{url}")
    # The path of an AMQP address is the virtual host, an empty one the default.
    vhost = unquote(parts.path[1:]) if len(parts.path) > 1 else "/"
    return {
        "host": parts.hostname or "127.0.0.1",
        "port": parts.port or 5672,
        "user": unquote(parts.username or "guest"),
        "password": unquote(parts.password or "guest"),
        "vhost": vhost,
    }


def _kafka(servers):
    first = servers.split(",")[0].strip()
    host, _, port = first.rpartition(":")
    if not host or not port.isdigit():
        raise Trouble(f"KAFKA_BOOTSTRAP_SERVERS is {servers!r}: it must read host:port,host:port.")
    return {"host": host, "port": int(port), "servers": [part.strip() for part in servers.split(",")]}


_PARSERS = {"redis": _redis, "rabbitmq": _rabbitmq, "kafka": _kafka}
