"""pika beside RabbitMQ's own load generator, PerfTest, on the same broker in the same run; webhooks beside a topic.

Publishing persistent messages of 100 bytes to a durable queue: without confirms, with a confirm each (as lab 24's `publish`
waits for it), and with a window of 100 unconfirmed ones, for which pika needs its asynchronous connection. Consuming with an
acknowledgement each, by prefetch. PerfTest does the same over the same protocol: what the broker gives to another client.
Classic queues unless a row says quorum.

The last rows: how long it keeps the sender when one of three receivers is slow.
"""

import re
import subprocess
import time
import urllib.request
from pathlib import Path

import pika

from benchmarks import Row, pairs
from workbook import paths
from workbook.brokers import install
from workbook.lab import Corner
from workbook.taught.lab24 import confirming
from workbook.trouble import Trouble

JARS = paths.STATE / "perftest"
BODY = b'"%s"' % (b"x" * 98)
"""100 bytes, and JSON: the web services read it."""
PERSISTENT = pika.BasicProperties(delivery_mode=2)
WINDOW = 100
LONGER = 10
"""PerfTest does so many times as much: its Java is slow at first."""
SLOW = 0.2
"""Seconds that the slow receiver takes."""


# pika's side


def declare(ch, queue, kind="classic"):
    ch.queue_delete(queue)
    ch.queue_declare(queue, durable=True, arguments={"x-queue-type": kind})


def publish_unconfirmed(parameters, queue, messages):
    """Messages a second, until the broker has answered whatever comes behind the last one."""
    with pika.BlockingConnection(parameters) as connection:
        ch = connection.channel()
        started = time.perf_counter()
        for _ in range(messages):
            ch.basic_publish("", queue, BODY, PERSISTENT)
        ch.queue_declare(queue, passive=True)
        return messages / (time.perf_counter() - started)


def publish_confirmed(parameters, queue, messages):
    """Messages a second, each waiting for its confirm."""
    ch = confirming(parameters)
    started = time.perf_counter()
    for _ in range(messages):
        ch.basic_publish("", queue, BODY, PERSISTENT, mandatory=True)
    seconds = time.perf_counter() - started
    ch.connection.close()
    return messages / seconds


class WindowedPublisher:
    """Publishes with at most `window` messages unconfirmed, on pika's asynchronous connection."""

    def __init__(self, parameters, queue, messages, window):
        self.queue, self.messages, self.window = queue, messages, window
        self.sent = self.confirmed = 0
        self.connection = pika.SelectConnection(parameters, on_open_callback=lambda c: c.channel(on_open_callback=self.opened))

    def opened(self, ch):
        self.ch = ch
        ch.confirm_delivery(self.answered, callback=self.begin)

    def begin(self, _):
        self.started = time.perf_counter()
        self.fill()

    def fill(self):
        while self.sent < self.messages and self.sent - self.confirmed < self.window:
            self.ch.basic_publish("", self.queue, BODY, PERSISTENT)
            self.sent += 1

    def answered(self, frame):
        tag = frame.method.delivery_tag
        self.confirmed = tag if frame.method.multiple else self.confirmed + 1
        if self.confirmed == self.messages:
            self.seconds = time.perf_counter() - self.started
            self.connection.close()
            self.connection.ioloop.stop()
        else:
            self.fill()

    def rate(self):
        self.connection.ioloop.start()
        return self.messages / self.seconds


def publish_windowed(parameters, queue, messages):
    return WindowedPublisher(parameters, queue, messages, WINDOW).rate()


def consume_all(parameters, queue, messages, prefetch):
    """Messages a second, each acknowledged; the queue holds so many."""
    with pika.BlockingConnection(parameters) as connection:
        ch = connection.channel()
        ch.basic_qos(prefetch_count=prefetch)
        started = time.perf_counter()
        for method, _, _ in ch.consume(queue):
            ch.basic_ack(method.delivery_tag)
            if method.delivery_tag == messages:
                break
        seconds = time.perf_counter() - started
        ch.cancel()
    return messages / seconds


# PerfTest's side


def perftest(parameters, queue, *options):
    """The rate that PerfTest says it had, in messages a second: sending, or receiving where nothing was sent."""
    credentials = parameters.credentials
    uri = (
        f"amqp://{credentials.username}:{credentials.password}@{parameters.host}:{parameters.port}/"
        f"{parameters.virtual_host}"
    )
    command = [install.program("java"), "-Xmx256m", "-cp", f"{JARS}/*", "com.rabbitmq.perf.PerfTest", "--uri", uri,
               "--predeclared", "--exchange", "", "--routing-key", queue, "--queue", queue, "--size", str(len(BODY)),
               "--flag", "persistent", *map(str, options)]  # fmt: skip
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    rates = {word: float(rate) for word, rate in re.findall(r"(sending|receiving) rate avg: ([\d.]+)", done.stdout)}
    found = rates.get("sending") or rates.get("receiving")
    if not found:
        raise Trouble(f"PerfTest measured nothing: {(done.stderr or done.stdout).strip().splitlines()[-1:]}")
    return found


# Webhooks


def take_slowly(data):
    time.sleep(SLOW)  # its work, not a wait for something


def receivers(corner, slow):
    """Three web services in processes of their own; `slow`: whether one of them is. Their addresses."""
    answers = (len, take_slowly if slow else len, len)
    return [corner.web_service(f"receiver {number}", answer).url for number, answer in enumerate(answers, 1)]


def call_all(addresses):
    """Milliseconds until all have answered, one after another."""
    started = time.perf_counter()
    for address in addresses:
        with urllib.request.urlopen(urllib.request.Request(address, data=BODY), timeout=10):
            pass
    return (time.perf_counter() - started) * 1000


def measure(quick):
    runs, few, many = (1, 200, 1000) if quick else (5, 2000, 20000)
    install.copy_jars(Path(__file__).with_name("pom.xml"), JARS, "PerfTest")
    with Corner(("rabbitmq",)) as corner:
        parameters = corner.amqp()
        ch = confirming(parameters)

        def beside(ours, theirs, kind, filled=0):
            def fresh(measured, filled):
                declare(ch, "bench", kind)
                if filled:
                    publish_windowed(parameters, "bench", filled)
                return measured()

            return pairs(lambda: fresh(ours, filled), lambda: fresh(theirs, filled * LONGER), runs)

        for kind in ("classic", "quorum"):
            for what, function, messages, confirm in (
                ("without confirms", publish_unconfirmed, many, ()),
                ("a confirm each", publish_confirmed, few, ("--confirm", 1)),
                (f"{WINDOW} unconfirmed at most", publish_windowed, many, ("--confirm", WINDOW)),
            ):
                ours, theirs = beside(
                    lambda: function(parameters, "bench", messages),
                    lambda: perftest(parameters, "bench", "-x", 1, "-y", 0, "-C", messages * LONGER, *confirm),
                    kind,
                )
                yield Row(f"pika publishes, {what}, {kind}", "messages/s", ours, "PerfTest, the same", theirs)
        for kind, prefetch in (("classic", 1), ("classic", 10), ("classic", 100), ("quorum", 100)):
            messages = few if prefetch == 1 else few * 5
            ours, theirs = beside(
                lambda: consume_all(parameters, "bench", messages, prefetch),
                lambda: perftest(parameters, "bench", "-x", 0, "-y", 1, "-q", prefetch, "-D", messages * LONGER),
                kind,
                filled=messages,
            )
            yield Row(f"pika consumes, prefetch {prefetch}, {kind}", "messages/s", ours, "PerfTest, the same", theirs)
        yield from _senders(corner, ch, 5 if quick else 30)
        ch.connection.close()


def _senders(corner, ch, events):
    """An event told to three services, over a topic and by webhooks: milliseconds that it keeps the sender."""
    ch.exchange_declare("events", "topic", durable=True)
    for service in ("support", "contracts", "invoices"):
        declare(ch, service)
        ch.queue_bind(service, "events", "partner.*")

    def publish():
        started = time.perf_counter()
        ch.basic_publish("events", "partner.address_changed", BODY, PERSISTENT, mandatory=True)
        return (time.perf_counter() - started) * 1000

    for slow, what in ((False, "none slow"), (True, f"one takes {SLOW * 1000:.0f} ms")):
        addresses = receivers(corner, slow)
        ours, theirs = pairs(publish, lambda: call_all(addresses), events)
        corner.end_workers()
        yield Row(f"an event for three receivers, {what}: topic", "ms", ours, "webhooks, one after another", theirs)
