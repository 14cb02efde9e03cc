"""How long the brokers take to start, side by side and the slowest alone; and to serve again after a kill."""

import time

from benchmarks import Row, pairs
from workbook import brokers
from workbook.brokers import control
from workbook.lab import places_in_use
from workbook.say import note
from workbook.trouble import Trouble

AGAIN = {"redis": 1.0, "rabbitmq": 8.0, "kafka": 5.0}
"""Seconds within which a killed broker is to serve again."""


def measure(quick):
    if brokers.state.backend() == "external":
        raise Trouble("external brokers are neither stopped nor started: measure with --backend native or compose.")
    used = places_in_use()
    if used:
        raise Trouble(f"{len(used)} running notebooks or tests use the brokers, which this would stop: end them first.")
    runs = 2 if quick else 5
    instances = {name: brokers.instance(name) for name in brokers.NAMES}
    before = [name for name, instance in instances.items() if instance.running()]
    crashed = [name for name in brokers.NAMES if brokers.instance(name, "crash").running()]

    def stopped():
        for instance in instances.values():
            instance.stop()

    def start(*names):
        stopped()
        started = time.monotonic()
        control.up(names=names)
        return time.monotonic() - started

    try:
        alone = {name: min(start(name) for _ in range(1 if quick else 2)) for name in instances}
        note("  alone: " + ", ".join(f"{brokers.TITLES[name]} {taken:.1f} s" for name, taken in alone.items()))
        slowest = max(alone, key=alone.get)
        together, single = pairs(lambda: start(*instances), lambda: start(slowest), runs)
        yield (
            Row("brokers started side by side", "s", together, f"{brokers.TITLES[slowest]}, the slowest, alone", single, 10)
        )
        for name in brokers.NAMES:
            yield _again(name, min(runs, 3))
    finally:
        for name in brokers.NAMES:
            if name not in before:
                instances[name].stop()
            if name not in crashed:
                brokers.instance(name, "crash").stop()
        if before:
            control.up(names=before)


def _again(name, runs):
    """Kill a crash-test broker and start it, with its data, until it serves; beside a start after an orderly stop."""

    def killed(instance):
        instance.kill()
        return _serves(instance)

    def ended(instance):
        instance.stop()
        return _serves(instance)

    with brokers.crash_test(name) as instance:
        ours, theirs = pairs(lambda: killed(instance), lambda: ended(instance), runs)
    return Row(f"{brokers.TITLES[name]} killed, serves again", "s", ours, "start after an orderly stop", theirs, AGAIN[name])


def _serves(instance):
    started = time.monotonic()
    instance.start()
    instance.wait_ready()
    return time.monotonic() - started
