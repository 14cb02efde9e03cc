"""The line that goes dead: in silence, with a hang-up, or for a while, as seen by real clients of RabbitMQ and Redis."""

import pika
import pytest
import redis
from pika.exceptions import AMQPConnectionError
from redis.backoff import NoBackoff
from redis.retry import Retry

from workbook.lab import Corner
from workbook.line import Line


@pytest.fixture
def corner(shared_brokers):
    with Corner(("rabbitmq", "redis")) as corner:
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


def redis_over(corner, line, seconds=0.2):
    where = {**corner.redis_at, "host": line.host, "port": line.port}
    return redis.Redis(**where, socket_timeout=seconds, socket_connect_timeout=seconds, retry=Retry(NoBackoff(), 0))


@pytest.mark.parametrize("connected", [True, False])
def test_what_was_sent_while_it_was_frozen_arrives_after_the_client_has_gone(corner, connected):
    at = corner.address("redis")
    with Line(at["host"], at["port"]) as line:
        client = redis_over(corner, line, seconds=1)
        if connected:
            client.ping()
        line.freeze()
        with pytest.raises(redis.TimeoutError):
            client.lpush("jobs", "order 1")
        client.close()
        assert corner.redis.llen("jobs") == 0
        line.thaw()
        assert line.wait_closed()
        # Without a connection the client waits for an answer to its greeting, and never sends the push.
        assert corner.redis.llen("jobs") == (1 if connected else 0)


def test_a_connection_that_its_client_keeps_is_not_closed(corner):
    at = corner.address("redis")
    with Line(at["host"], at["port"]) as line:
        client = redis_over(corner, line, seconds=5)
        client.ping()
        assert not line.wait_closed(within=0.05)
        client.close()
        assert line.wait_closed()


def test_what_is_held_up_when_it_hangs_up_is_lost(corner):
    at = corner.address("redis")
    with Line(at["host"], at["port"]) as line:
        client = redis_over(corner, line, seconds=5)
        client.ping()
        line.freeze()
        client.connection_pool.get_connection().send_command("LPUSH", "jobs", "order 1")
        line.hang_up()
        assert line.wait_closed()
        assert corner.redis.llen("jobs") == 0
