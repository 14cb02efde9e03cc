"""The settings that running brokers really use, for every key that a settings file names.

    python effective.py native      # in the root of a checkout: starts its brokers, prints, stops them

`of(instances)` gives the same for brokers that run already. Keys that are addresses or paths are a backend's
own and left out; so are names of listeners.
"""

import json
import re
import sys
from pathlib import Path

SETTINGS = Path(__file__).resolve().parents[2] / "workbook" / "brokers" / "settings"

BACKEND_OWN = {"listener.security.protocol.map", "inter.broker.listener.name"}
"""Kafka's names of listeners: a container needs one more, for inside its network."""


def redis_file():
    """What redis.conf says, as CONFIG GET would say it."""
    lines = [
        line.split(None, 1) for line in (SETTINGS / "redis.conf").read_text().splitlines() if _says(line)
    ]
    return {key: _bytes(value.strip('"')) for key, value in lines}


def rabbitmq_file():
    """What rabbitmq.conf says."""
    return _pairs("rabbitmq.conf")


def kafka_file():
    """What kafka.properties says."""
    return {key: value for key, value in _pairs("kafka.properties").items() if key not in BACKEND_OWN}


def plugins_file():
    """The plugins that enabled_plugins names."""
    return set(re.findall(r"rabbitmq_\w+", (SETTINGS / "enabled_plugins").read_text()))


def _says(line):
    return line.strip() and not line.startswith("#")


def _pairs(name):
    lines = (SETTINGS / name).read_text().splitlines()
    return dict([part.strip() for part in line.split("=", 1)] for line in lines if _says(line))


def _bytes(value):
    """256mb as Redis says it."""
    number = re.fullmatch(r"(\d+)(kb|mb|gb)", value)
    return str(int(number[1]) * 1024 ** ("kb", "mb", "gb").index(number[2]) * 1024) if number else value


def of(instances):
    """What three running instances use: {"redis": …, "rabbitmq": …, "kafka": …, "plugins": …}."""
    return {
        "redis": _redis(instances["redis"].address),
        "rabbitmq": _rabbitmq(instances["rabbitmq"]),
        "kafka": _kafka(instances["kafka"].address),
        "plugins": sorted(plugins_file() & set(_plugins(instances["rabbitmq"]))),
    }


def _redis(address):
    import redis

    with redis.Redis(host=address["host"], port=address["port"], decode_responses=True) as client:
        return {key: client.config_get(key)[key] for key in redis_file()}


_RABBITMQ_TERMS = {
    "vm_memory_high_watermark.absolute": "application:get_env(rabbit, vm_memory_high_watermark)",
    "disk_free_limit.absolute": "application:get_env(rabbit, disk_free_limit)",
    "consumer_timeout": "application:get_env(rabbit, consumer_timeout)",
    "collect_statistics_interval": "application:get_env(rabbit, collect_statistics_interval)",
    "heartbeat": "application:get_env(rabbit, heartbeat)",
    "log.console": "[proplists:get_value(enabled, proplists:get_value(console, element(2, "
    "application:get_env(rabbit, log)))) || true]",
    "log.console.level": "[proplists:get_value(level, proplists:get_value(console, element(2, "
    "application:get_env(rabbit, log)))) || true]",
    "log.file": "[proplists:get_value(file, proplists:get_value(file, element(2, "
    "application:get_env(rabbit, log)))) || true]",
}
"""Where the server keeps each setting of rabbitmq.conf: asked is what it uses, not what it was given."""


def _rabbitmq(instance):
    wanted = rabbitmq_file()
    unknown = set(wanted) - set(_RABBITMQ_TERMS)
    if unknown:
        raise KeyError(f"effective.py does not know where RabbitMQ keeps {sorted(unknown)}")
    expression = "[" + ", ".join(_RABBITMQ_TERMS[key] for key in wanted) + "]."
    answer = instance.ctl("eval", expression)
    # [{ok,{absolute,"800MB"}}, {ok,60}, [true]]: the innermost value of each is the setting.
    terms = re.findall(r"\{ok,(?:\{absolute,)?\"?([\w.]+)\"?\}+|\[(\w+)\]", re.sub(r"\s", "", answer)[1:-1])
    return dict(zip(wanted, [first or second for first, second in terms], strict=True))


def _plugins(instance):
    # Not the management API's list of nodes: for its first second a node is listed without its plugins.
    return re.findall(r"rabbitmq_\w+", instance.ctl("eval", "rabbit_plugins:active()."))


def _kafka(address):
    from kafka import KafkaAdminClient
    from kafka.admin import ConfigResource, ConfigResourceType

    client = KafkaAdminClient(
        bootstrap_servers=f"{address['host']}:{address['port']}", bootstrap_timeout_ms=5000
    )
    try:
        answer = client.describe_configs(
            [ConfigResource(ConfigResourceType.BROKER, "1")], config_filter="all"
        )
    finally:
        client.close()
    # A key that Kafka does not know (a misspelt one, or one that a release dropped) is a KeyError here.
    return {key: answer["broker"]["1"][key]["value"] for key in kafka_file()}


def _native():
    sys.path.insert(0, str(Path.cwd()))
    from workbook.brokers import control, native
    from workbook.brokers.base import NAMES

    native.starts_here = True  # this is a process of its own, nobody interrupts it
    control.up(backend="native")
    try:
        found = of({name: control.instance(name) for name in NAMES})
    finally:
        control.down(wipe=True)
    print(json.dumps(found))


if __name__ == "__main__":
    _native()
