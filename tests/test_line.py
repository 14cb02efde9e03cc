"""The line that goes dead: in silence or with a hang-up, as seen by a real RabbitMQ client."""

import pika
import pytest
from pika.exceptions import AMQPConnectionError

from workbook.lab import Corner
from workbook.line import Line


@pytest.fixture
def corner(shared_brokers):
    with Corner(("rabbitmq",)) as corner:
        yield corner


def over(corner, line):
    return pika.BlockingConnection(corner.amqp(host=line.host, port=line.port, heartbeat=0))


def test_it_passes_everything_until_told_otherwise(corner):
    at = corner.address("rabbitmq")
    with Line(at["host"], at["port"]) as line:
        ch = over(corner, line).channel()
        ch.queue_declare("orders", durable=True)
        ch.confirm_delivery()
        ch.basic_publish("", "orders", b"x" * 200_000)
        assert ch.basic_get("orders")[2] == b"x" * 200_000


def test_after_a_hang_up_both_ends_know(corner):
    at = corner.address("rabbitmq")
    with Line(at["host"], at["port"]) as line:
        connection = over(corner, line)
        ch = connection.channel()
        ch.queue_declare("orders", durable=True)
        ch.basic_consume("orders", lambda *_: None)
        line.hang_up()
        with pytest.raises(AMQPConnectionError):
            connection.process_data_events(time_limit=10)
        here = corner.connect().channel()
        while here.queue_declare("orders", passive=True).method.consumer_count:
            pass  # pytest's time-out ends this if the broker never notices


def test_in_silence_nobody_is_told(corner):
    at = corner.address("rabbitmq")
    with Line(at["host"], at["port"]) as line:
        connection = over(corner, line)
        ch = connection.channel()
        ch.queue_declare("orders", durable=True)
        ch.basic_consume("orders", lambda *_: None)
        line.silence()
        here = corner.connect().channel()
        here.confirm_delivery()
        here.basic_publish("", "orders", b"order 1")
        connection.process_data_events(time_limit=0.3)
        assert connection.is_open
        state = here.queue_declare("orders", passive=True).method
        assert (state.consumer_count, state.message_count) == (1, 0), "handed out to a consumer that never hears of it"
