"""What lab 25 says about RabbitMQ's versions, on the one that runs here: a sentence that has gone stale fails."""

import pika
import pytest

from workbook.lab import Corner


@pytest.fixture
def corner(shared_brokers):
    with Corner(("rabbitmq",)) as corner:
        yield corner


@pytest.fixture
def ch(corner):
    ch = corner.connect().channel()
    ch.confirm_delivery()
    return ch


@pytest.fixture
def version(corner):
    told = corner.connect()._impl.server_properties["version"]
    return tuple(int(part) for part in (told.decode() if isinstance(told, bytes) else told).split(".")[:2])


def declare(ch, name, **arguments):
    ch.queue_declare(name, durable=True, arguments={key.replace("_", "-"): value for key, value in arguments.items()})


def ready(ch, name):
    return ch.queue_declare(name, passive=True).method.message_count


def deliveries(ch, name, most=50, nack=False):
    """Give back one message again and again: how many deliveries that takes until it is gone, `most` at most."""
    for count in range(most):
        method, _, _ = ch.basic_get(name)
        if method is None:
            return count
        (ch.basic_nack if nack else ch.basic_reject)(method.delivery_tag, requeue=True)
    return most


def test_a_delivery_limit_counts_how_often_a_message_comes_back(corner, ch):
    declare(ch, "parked")
    declare(ch, "work", x_queue_type="quorum", x_delivery_limit=3, x_dead_letter_exchange="",
            x_dead_letter_routing_key="parked")
    ch.basic_publish("", "work", b"poison")
    assert deliveries(ch, "work") == 4
    assert corner.until(lambda: ready(ch, "parked") == 1)
    assert ch.basic_get("parked")[1].headers["x-death"][0]["reason"] == "delivery_limit"


def test_the_limit_that_nobody_set(ch, version):
    declare(ch, "work", x_queue_type="quorum")
    ch.basic_publish("", "work", b"poison")
    assert deliveries(ch, "work") == (50 if version < (4, 0) else 21)


def test_a_reject_counts_and_a_nack_only_before_4_3(ch, version):
    declare(ch, "work", x_queue_type="quorum", x_delivery_limit=3)
    ch.basic_publish("", "work", b"poison")
    assert deliveries(ch, "work", nack=True) == (4 if version < (4, 3) else 50)


def test_the_first_delivery_says_0_or_nothing(ch, version):
    declare(ch, "work", x_queue_type="quorum")
    ch.basic_publish("", "work", b"order")
    method, properties, _ = ch.basic_get("work")
    assert ("x-delivery-count" in (properties.headers or {})) == (version < (4, 0))
    ch.basic_reject(method.delivery_tag, requeue=True)
    assert ch.basic_get("work")[1].headers["x-delivery-count"] == 1


def test_x_death_in_what_a_client_publishes(corner, ch, version):
    if (3, 10) < version < (4, 0):
        pytest.skip("the lab speaks of 3.10 and of 4.0")
    declare(ch, "ripe")
    declare(ch, "wait", x_message_ttl=1, x_dead_letter_exchange="", x_dead_letter_routing_key="ripe")
    properties = pika.BasicProperties()
    for _ in range(2):
        ch.basic_publish("", "wait", b"order", properties)
        assert corner.until(lambda: ready(ch, "ripe") == 1)
        _, properties, _ = ch.basic_get("ripe", auto_ack=True)
    assert properties.headers["x-death"][0]["count"] == (2 if version < (4, 0) else 1)


def test_a_circle_of_expiring_alone_is_dropped(corner, ch):
    declare(ch, "marks")
    for name, then in (("a", "b"), ("b", "a")):
        declare(ch, name, x_message_ttl=1, x_dead_letter_exchange="", x_dead_letter_routing_key=then)
    ch.basic_publish("", "a", b"order")
    assert corner.until(lambda: ready(ch, "a") + ready(ch, "b") == 0)
    # Were it still on its way between the two, it would be seen in one of them sooner or later.
    assert not corner.until(lambda: ready(ch, "a") + ready(ch, "b") > 0, within=0.5)
