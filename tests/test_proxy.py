"""The lost-reply proxy, on real brokers: what the broker did, what the client heard, what came of it."""

import contextlib
import multiprocessing
import socket
import threading
import time
import uuid

import kafka
import pika
import pytest
import redis
from kafka import TopicPartition
from redis.backoff import NoBackoff
from redis.retry import Retry

from workbook import brokers
from workbook.proxy import LostReplyProxy, _Amqp, _Kafka, _Redis, _Resp, _Settled, lost_reply
from workbook.trouble import Trouble

ONCE = {"retry": Retry(NoBackoff(), 0), "socket_timeout": 2}
"""Settings of a Redis client that tries once and tells the truth."""


@pytest.fixture(scope="module", autouse=True)
def running_brokers():
    brokers.require("redis", "rabbitmq", "kafka")


# Redis


@pytest.fixture
def r():
    """A client straight to the shared Redis; the test's keys begin with its `prefix` and are removed."""
    client = redis.Redis(**{key: brokers.address("redis")[key] for key in ("host", "port")})
    client.prefix = f"proxy-{uuid.uuid4().hex}-"
    yield client
    for key in client.scan_iter(client.prefix + "*"):
        client.delete(key)
    client.close()


@contextlib.contextmanager
def redis_behind(proxy, **options):
    with redis.Redis(proxy.host, proxy.port, **options) as client:
        yield client


def test_redis_py_resends_a_push_and_the_job_is_there_twice(r):
    queue = r.prefix + "queue"
    with lost_reply("redis", "LPUSH") as proxy, redis_behind(proxy) as client:
        assert client.lpush(queue, "order 7") == 2
        assert proxy.wait_lost()
    assert r.lrange(queue, 0, -1) == [b"order 7", b"order 7"]
    assert (proxy.lost, proxy.failures) == (1, [])


@pytest.mark.parametrize("protocol", [2, 3])
def test_without_retries_the_client_raises_and_the_job_is_there_once(r, protocol):
    queue = r.prefix + "queue"
    with lost_reply("redis", "LPUSH") as proxy, redis_behind(proxy, protocol=protocol, **ONCE) as client:
        with pytest.raises((redis.ConnectionError, redis.TimeoutError)):
            client.lpush(queue, "order 7")
        assert proxy.lost == 1  # known to the proxy before it is known to the client
        assert client.lpush(queue, "order 8") == 2  # one reply is lost, all later ones pass
    assert r.lrange(queue, 0, -1) == [b"order 8", b"order 7"]


def test_a_cut_request_looks_the_same_and_nothing_was_done(r):
    queue = r.prefix + "queue"
    with lost_reply("redis", "LPUSH", cut="request") as proxy, redis_behind(proxy, **ONCE) as client:
        with pytest.raises((redis.ConnectionError, redis.TimeoutError)):
            client.lpush(queue, "order 7")
        assert proxy.lost == 1
    assert r.llen(queue) == 0


def test_a_cut_request_is_not_waited_for(r):
    """Replies to requests ahead of it are waited for, up to a second; its own never comes."""
    begun = time.monotonic()
    for _ in range(10):
        with lost_reply("redis", "LPUSH", cut="request") as proxy, redis_behind(proxy, **ONCE) as client:
            with pytest.raises((redis.ConnectionError, redis.TimeoutError)):
                client.lpush(r.prefix + "queue", "order 7")
    assert time.monotonic() - begun < 10


def test_a_move_whose_reply_is_lost_strands_the_job(r):
    waiting, processing = r.prefix + "waiting", r.prefix + "processing"
    r.rpush(waiting, "a", "b")
    with lost_reply("redis", "BLMOVE") as proxy, redis_behind(proxy) as client:
        assert client.blmove(waiting, processing, 1, "LEFT", "LEFT") == b"b"
        assert proxy.lost == 1
    assert r.lrange(processing, 0, -1) == [b"b", b"a"]


def test_polling_an_empty_queue_is_no_lost_job(r):
    waiting, processing = r.prefix + "waiting", r.prefix + "processing"
    with lost_reply("redis", ("LMOVE", "LPOP")) as proxy, redis_behind(proxy, **ONCE) as client:
        assert client.lmove(waiting, processing) is None
        assert client.lpop(waiting) is None
        assert (proxy.seen, proxy.lost) == (0, 0)
        r.rpush(waiting, "a")
        with pytest.raises(redis.ConnectionError):
            client.lmove(waiting, processing)
        assert (proxy.seen, proxy.lost) == (1, 1)
    with lost_reply("redis", "LPOP", empty=True) as proxy, redis_behind(proxy, **ONCE) as client:
        with pytest.raises(redis.ConnectionError):
            client.lpop(waiting)


def test_the_nth_reply_is_counted_over_all_connections(r):
    queue = r.prefix + "queue"
    with lost_reply("redis", "LPUSH", n=3) as proxy:
        with redis_behind(proxy, **ONCE) as one, redis_behind(proxy, **ONCE) as other:
            one.lpush(queue, 1)
            other.lpush(queue, 2)
            assert proxy.lost == 0
            with pytest.raises(redis.ConnectionError):
                one.lpush(queue, 3)
            other.lpush(queue, 4)
    assert r.lrange(queue, 0, -1) == [b"4", b"3", b"2", b"1"]


def test_in_a_pipeline_exactly_that_reply_is_lost():
    """Read off the raw connection: the replies before it have come, it and those behind it have not."""
    key = f"proxy-{uuid.uuid4().hex}"
    with lost_reply("redis", "INCR", n=2) as proxy, socket.create_connection((proxy.host, proxy.port)) as raw:
        raw.settimeout(5)
        raw.sendall(
            b"".join(
                _request(*words) for words in (("INCR", key), ("GET", key), ("INCR", key), ("INCR", key))
            )
        )
        assert _read_to_the_end(raw) == b":1\r\n$1\r\n1\r\n"
    with redis.Redis(brokers.address("redis")["host"], brokers.address("redis")["port"]) as client:
        assert client.getdel(key) == b"3"  # the broker did all of it


def test_a_cut_request_in_a_pipeline_stops_it_there():
    key = f"proxy-{uuid.uuid4().hex}"
    with lost_reply("redis", "INCR", n=2, cut="request") as proxy:
        with socket.create_connection((proxy.host, proxy.port)) as raw:
            raw.settimeout(5)
            raw.sendall(
                b"".join(
                    _request(*words) for words in (("INCR", key), ("GET", key), ("INCR", key), ("GET", key))
                )
            )
            assert _read_to_the_end(raw) == b":1\r\n$1\r\n1\r\n"
    with redis.Redis(brokers.address("redis")["host"], brokers.address("redis")["port"]) as client:
        assert client.getdel(key) == b"1"


def test_a_transaction_loses_the_reply_of_its_exec(r):
    """In MULTI a command is only queued: when its own reply goes missing, nothing has been done yet."""
    queue, count = r.prefix + "queue", r.prefix + "count"
    with lost_reply("redis", "LPUSH") as proxy, redis_behind(proxy) as client:
        pipeline = client.pipeline(transaction=True)
        pipeline.lpush(queue, "order 7").incr(count)
        assert pipeline.execute() == [2, 2]
        assert proxy.lost == 1
    assert r.llen(queue) == 2


def test_a_script_is_told_from_its_missing_source(r):
    """NOSCRIPT is a reply, too, but nothing was done: the reply to lose is that of the script that ran."""
    queue = r.prefix + "queue"
    r.script_flush()
    with lost_reply("redis", "EVALSHA") as proxy, redis_behind(proxy, **ONCE) as client:
        push = client.register_script("return redis.call('LPUSH', KEYS[1], ARGV[1])")
        with pytest.raises(redis.ConnectionError):
            push(keys=[queue], args=["order 7"])
        assert proxy.lost == 1
    assert r.lrange(queue, 0, -1) == [b"order 7"]


def test_any_command_can_be_meant(r):
    """What a client says about its connection does not count, nor what a transaction only queues."""
    queue = r.prefix + "queue"
    with lost_reply("redis", "*", n=2) as proxy, redis_behind(proxy, **ONCE) as client:
        client.ping()
        client.lpush(queue, 1)
        pipeline = client.pipeline(transaction=True)
        pipeline.lpush(queue, 2).lpush(queue, 3)
        with pytest.raises(redis.ConnectionError):
            pipeline.execute()
        assert (proxy.seen, proxy.lost) == (2, 1)
    assert r.llen(queue) == 3


def test_what_stood_before_a_subscription_is_not_swallowed(r):
    """From there on the connection is not read any more; a request that came in two packets arrives."""
    channel = r.prefix + "news"
    with lost_reply("redis", "GET") as proxy, socket.create_connection((proxy.host, proxy.port)) as raw:
        raw.settimeout(5)
        whole = _request("SET", channel, "1") + _request("SUBSCRIBE", channel) + _request("PING")
        raw.sendall(whole[:-4])
        assert _read(raw, 5) == b"+OK\r\n"
        raw.sendall(whole[-4:])
        assert b"pong" in _read(raw, 1000, until=b"pong")


def _read(raw, size, until=None):
    got = b""
    while len(got) < size and not (until and until in got):
        got += raw.recv(size - len(got))
    return got


def test_subscriptions_pass(r):
    channel = r.prefix + "news"
    with lost_reply("redis", "LPUSH") as proxy, redis_behind(proxy) as client:
        listener = client.pubsub()
        listener.subscribe(channel)
        assert listener.get_message(timeout=5)["type"] == "subscribe"
        r.publish(channel, "hello")
        assert listener.get_message(timeout=5)["data"] == b"hello"
        listener.close()


def test_large_and_nested_replies_pass_whole(r):
    key = r.prefix + "big"
    values = [b"\r\n$-1\r\n" * 1000 + str(n).encode() for n in range(300)]
    with lost_reply("redis", "DEL") as proxy, redis_behind(proxy) as client:
        client.rpush(key, *values)
        assert client.lrange(key, 0, -1) == values
        client.xadd(key + "s", {"a": "1"}, id="1-1")
        assert client.xread({key + "s": "0"})[0][1] == [(b"1-1", {b"a": b"1"})]
        assert client.config_get("save")
        assert proxy.failures == []


def _request(*words):
    words = [word.encode() for word in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


def _read_to_the_end(raw):
    got = b""
    with contextlib.suppress(ConnectionResetError):
        while data := raw.recv(65536):
            got += data
    return got


# RESP, byte by byte


def test_replies_are_cut_at_every_byte():
    values = [
        b"+OK\r\n",
        b"-ERR no\r\n",
        b":7\r\n",
        b"$-1\r\n",
        b"$5\r\na\r\nbc\r\n",
        b"*0\r\n",
        b"*-1\r\n",
        b"_\r\n",
        b"#t\r\n",
        b",1.5\r\n",
        b"*2\r\n$1\r\na\r\n*2\r\n:1\r\n$-1\r\n",
        b"%1\r\n$1\r\nk\r\n~2\r\n:1\r\n:2\r\n",
        b"=7\r\ntxt:abc\r\n",
        b">2\r\n+message\r\n$2\r\nhi\r\n",
        b"|1\r\n+ttl\r\n:3\r\n",
        b"!5\r\nERR a\r\n",
        b"(123456789012345678901\r\n",
    ]
    whole = b"".join(values)
    for size in range(1, len(whole) + 1):
        framer, got = _Resp(), []
        for at in range(0, len(whole), size):
            got += framer.feed(whole[at : at + size])
        assert got == values, f"chunks of {size}"


def test_only_replies_are_counted_as_replies():
    dialogue = _Redis("GET", "reply", False)
    list(dialogue.from_client(_request("GET", "a") + _request("get", "b") + b"GET c\r\n"))
    got = dialogue.from_broker(b">2\r\n+invalidate\r\n*0\r\n|1\r\n+ttl\r\n:3\r\n$1\r\nx\r\n$-1\r\n-ERR\r\n")
    assert [hits for _, hits in got] == [0, 0, 1, 0, 0]
    assert dialogue.outstanding() == 0


@pytest.mark.parametrize(
    "reply",
    [b"_\r\n", b"$-1\r\n", b"*-1\r\n", b"*0\r\n", b"%0\r\n", b"~0\r\n", b"-ERR no\r\n", b"!2\r\nno\r\n"],
)
def test_an_empty_reply_and_an_error_are_no_lost_work(reply):
    dialogue = _Redis("LPOP", "reply", False)
    dialogue.from_client(_request("LPOP", "a"))
    assert dialogue.from_broker(reply) == [(reply, 0)]


@pytest.mark.parametrize("reply", [b":0\r\n", b":1\r\n", b"*1\r\n$1\r\na\r\n", b"$0\r\n\r\n", b"+OK\r\n"])
def test_any_other_reply_is(reply):
    dialogue = _Redis("LPOP", "reply", False)
    dialogue.from_client(_request("LPOP", "a"))
    assert dialogue.from_broker(reply) == [(reply, 1)]


def test_only_the_transaction_that_is_executed_counts():
    """MULTI, LPUSH, DISCARD does nothing; the LPUSH after it stands for itself; a blank line has no reply."""
    dialogue = _Redis("LPUSH", "reply", False)
    words = [
        ("MULTI",),
        ("LPUSH", "q", "1"),
        ("DISCARD",),
        ("LPUSH", "q", "2"),
        ("MULTI",),
        ("INCR", "n"),
        ("EXEC",),
    ]
    dialogue.from_client(b"\r\n" + b"".join(_request(*each) for each in words))
    replies = b"+OK\r\n+QUEUED\r\n+OK\r\n:1\r\n+OK\r\n+QUEUED\r\n*1\r\n:1\r\n"
    assert [hits for _, hits in dialogue.from_broker(replies)] == [0, 0, 0, 1, 0, 0, 0]
    assert dialogue.outstanding() == 0


@pytest.mark.parametrize("words", [("SUBSCRIBE", "news"), ("MONITOR",), ("CLIENT", "REPLY", "OFF")])
def test_where_replies_no_longer_belong_to_requests_nothing_is_counted(words):
    dialogue = _Redis("GET", "reply", False)
    dialogue.from_client(_request(*words) + _request("GET", "a"))
    assert dialogue.from_client(_request("GET", "a")) == [(_request("GET", "a"), 0)]
    assert dialogue.from_broker(b"$1\r\nx\r\n") == [(b"$1\r\nx\r\n", 0)]
    other = _Redis("GET", "reply", False)
    other.from_client(_request("CLIENT", "ID") + _request("GET", "REPLY"))
    assert [hits for _, hits in other.from_broker(b":1\r\n$1\r\nx\r\n")] == [0, 1]


# RabbitMQ


def amqp(port, **options):
    at = brokers.address("rabbitmq")
    login = pika.PlainCredentials(at["user"], at["password"])
    return pika.BlockingConnection(
        pika.ConnectionParameters(at["host"], port, credentials=login, socket_timeout=5, **options)
    )


@pytest.fixture
def queue():
    """A channel straight to the shared RabbitMQ, and a durable queue of this test's own."""
    connection = amqp(brokers.address("rabbitmq")["port"])
    channel = connection.channel()
    channel.queue = f"proxy-{uuid.uuid4().hex}"
    channel.queue_declare(channel.queue, durable=True)
    yield channel
    channel.queue_delete(channel.queue)
    connection.close()


def depth(channel):
    return channel.queue_declare(channel.queue, passive=True).method.message_count


@pytest.mark.parametrize(("cut", "stored"), [("reply", 1), ("request", 0)])
def test_a_lost_confirm_raises_while_the_message_is_in_the_queue(queue, cut, stored):
    with lost_reply("rabbitmq", cut=cut) as proxy:
        channel = amqp(proxy.port).channel()
        channel.confirm_delivery()
        with pytest.raises(pika.exceptions.AMQPConnectionError):
            channel.basic_publish("", queue.queue, b"order 7")
        assert (proxy.lost, proxy.failures) == (1, [])
        assert depth(queue) == stored
        again = amqp(proxy.port)
        channel = again.channel()
        channel.confirm_delivery()
        channel.basic_publish("", queue.queue, b"order 7")
        again.close()
    assert depth(queue) == stored + 1


def test_the_third_confirm_is_lost_and_the_two_before_it_arrive(queue):
    with lost_reply("rabbitmq", n=3) as proxy:
        channel = amqp(proxy.port).channel()
        channel.confirm_delivery()
        channel.basic_publish("", queue.queue, b"1")
        channel.basic_publish("", queue.queue, b"2")
        assert proxy.lost == 0
        with pytest.raises(pika.exceptions.AMQPConnectionError):
            channel.basic_publish("", queue.queue, b"3")
        assert proxy.lost == 1
    assert depth(queue) == 3


def test_confirms_that_settle_several_messages_are_counted_by_message(queue):
    """50 publishes in one write: it is confirmed in batches; the one with the 25th does not arrive."""
    confirmed, selected = [], []
    with lost_reply("rabbitmq", n=25) as proxy:
        channel = amqp(proxy.port).channel()
        # Below the blocking channel, which is for one confirm at a time: two that arrive together would break its connection.
        channel._impl.confirm_delivery(lambda frame: confirmed.append(frame.method), callback=selected.append)
        while not selected:
            channel.connection.process_data_events(time_limit=1)
        frames = []
        for n in range(50):
            body = str(n).encode()
            frames.append(
                pika.frame.Method(1, pika.spec.Basic.Publish(exchange="", routing_key=queue.queue)).marshal()
            )
            frames.append(pika.frame.Header(1, len(body), pika.BasicProperties()).marshal())
            frames.append(pika.frame.Body(1, body).marshal())
        channel.connection._impl._output_marshaled_frames(frames)
        with pytest.raises(pika.exceptions.AMQPConnectionError):
            until = time.monotonic() + 10
            while time.monotonic() < until:
                channel.connection.process_data_events(time_limit=1)
        assert proxy.lost == 1
        assert proxy.seen >= 25
    settled = _Settled()
    assert sum(settled.settle(ack.delivery_tag, ack.multiple) for ack in confirmed) < 25
    assert depth(queue) >= 25


def test_a_consumer_whose_acknowledgement_is_cut_gets_the_message_again(queue):
    queue.basic_publish("", queue.queue, b"order 7")
    with lost_reply("rabbitmq", "ack", cut="request") as proxy:
        channel = amqp(proxy.port).channel()
        method = _get(channel, queue.queue)
        channel.basic_ack(method.delivery_tag)
        with pytest.raises(pika.exceptions.AMQPError):
            channel.queue_declare(queue.queue, passive=True)
        assert proxy.lost == 1
        again = amqp(proxy.port)
        channel = again.channel()
        method = _get(channel, queue.queue)
        assert method.redelivered
        channel.basic_ack(method.delivery_tag)
        again.close()
    assert depth(queue) == 0


def test_a_publish_that_is_cut_has_been_sent_to_the_last_byte(queue):
    for length in (0, 1, 300_000):
        with lost_reply("rabbitmq", cut="request") as proxy:
            channel = amqp(proxy.port).channel()
            channel.basic_publish("", queue.queue, b"x" * length)  # returns: only what comes next can notice
            with pytest.raises(pika.exceptions.AMQPError):
                channel.queue_declare(queue.queue, passive=True)
            assert proxy.lost == 1
    assert depth(queue) == 0


def _get(channel, queue, deadline=5.0):
    """A message that has just been requeued needs a moment to be ready again."""
    until = time.monotonic() + deadline
    while time.monotonic() < until:
        method, _, _ = channel.basic_get(queue)
        if method:
            return method
    raise AssertionError("no message came")


def test_frames_are_cut_at_every_byte():
    ack = pika.frame.Method(1, pika.spec.Basic.Ack(delivery_tag=1)).marshal()
    more = pika.frame.Method(1, pika.spec.Basic.Ack(delivery_tag=4, multiple=True)).marshal()
    beat = pika.frame.Heartbeat().marshal()
    body = pika.frame.Body(1, b"\xce" * 40).marshal()
    whole = ack + beat + body + more + ack
    for size in range(1, len(whole) + 1):
        dialogue, got = _Amqp("confirm", "reply", False), []
        for at in range(0, len(whole), size):
            got += dialogue.from_broker(whole[at : at + size])
        assert got == [(ack, 1), (beat, 0), (body, 0), (more, 3), (ack, 0)], f"chunks of {size}"


def test_settled_tags_are_counted_once():
    settled = _Settled()
    answers = [(2, False), (3, False), (3, False), (1, False), (5, True), (5, True), (7, False), (8, True)]
    assert [settled.settle(*answer) for answer in answers] == [1, 1, 0, 1, 2, 0, 1, 2]


# Kafka


@pytest.fixture
def topic():
    """A topic of this test's own, on the shared Kafka."""
    at = brokers.address("kafka")
    admin = kafka.KafkaAdminClient(bootstrap_servers=f"{at['host']}:{at['port']}", bootstrap_timeout_ms=5000)
    name = f"proxy-{uuid.uuid4().hex}"
    admin.create_topics({name: {"num_partitions": 1, "replication_factor": 1}})
    yield name
    admin.delete_topics([name])
    admin.close()


def kafka_behind(proxy):
    return {"bootstrap_servers": f"{proxy.host}:{proxy.port}", "bootstrap_timeout_ms": 5000}


def records_in(topic):
    """The values in the topic, read past the proxy."""
    at = brokers.address("kafka")
    partition = TopicPartition(topic, 0)
    with kafka.KafkaConsumer(
        bootstrap_servers=f"{at['host']}:{at['port']}", group_id=None, enable_auto_commit=False
    ) as consumer:
        consumer.assign([partition])
        consumer.seek_to_beginning()
        end, values = consumer.end_offsets([partition])[partition], []
        until = time.monotonic() + 10
        while consumer.position(partition) < end and time.monotonic() < until:
            for batch in consumer.poll(timeout_ms=500).values():
                values += [record.value for record in batch]
    return values


@pytest.mark.parametrize(
    ("settings", "copies"),
    [({}, 1), ({"enable_idempotence": False, "acks": 1}, 2)],
    ids=["idempotent: resent, kept once", "not idempotent: resent, kept twice"],
)
def test_a_produce_whose_reply_is_lost_is_sent_again(topic, settings, copies):
    with lost_reply("kafka") as proxy:
        with kafka.KafkaProducer(**kafka_behind(proxy), **settings) as producer:
            producer.send(topic, b"order 7").get(10)
            producer.send(topic, b"order 8").get(10)
        assert (proxy.lost, proxy.failures) == (1, [])
        assert proxy.seen == 3
    assert records_in(topic) == [b"order 7"] * copies + [b"order 8"]


def test_a_produce_request_that_is_cut_was_not_done(topic):
    with lost_reply("kafka", cut="request") as proxy:
        with kafka.KafkaProducer(
            **kafka_behind(proxy), enable_idempotence=False, acks=1, retries=0
        ) as producer:
            with pytest.raises(kafka.errors.KafkaError):
                producer.send(topic, b"order 7").get(10)
            assert proxy.lost == 1
            producer.send(topic, b"order 8").get(10)
    assert records_in(topic) == [b"order 8"]


def test_a_commit_whose_reply_is_lost_was_done(topic):
    """The clients really talk through the proxy: the listener advertises it."""
    group, partition = f"group-{topic}", TopicPartition(topic, 0)
    with lost_reply("kafka", "OffsetCommit") as proxy:
        with kafka.KafkaConsumer(**kafka_behind(proxy), group_id=group, enable_auto_commit=False) as consumer:
            consumer.assign([partition])
            consumer.commit({partition: kafka.OffsetAndMetadata(5, "", -1)})
            assert proxy.lost == 1
            assert consumer.committed(partition) == 5
        assert proxy.seen == 2  # kafka-python tried again


def test_kafka_frames_are_cut_at_every_byte():
    def frame(payload):
        return len(payload).to_bytes(4, "big") + payload

    produce, fetch = (
        frame(api.to_bytes(2, "big") + b"\0\x09" + number.to_bytes(4, "big") + b"rest")
        for api, number in ((0, 1), (1, 2))
    )
    answers = [frame((2).to_bytes(4, "big") + b"records"), frame((1).to_bytes(4, "big") + b"done")]
    for size in range(1, 40):
        dialogue, asked, got = _Kafka("Produce", "reply", False), [], []
        for at in range(0, len(produce + fetch), size):
            asked += dialogue.from_client((produce + fetch)[at : at + size])
        assert asked == [(produce, 1), (fetch, 0)]
        whole = b"".join(answers)
        for at in range(0, len(whole), size):
            got += dialogue.from_broker(whole[at : at + size])
        assert got == [(answers[0], 0), (answers[1], 1)]
        assert dialogue.outstanding() == 0


def test_one_process_at_a_time_has_kafkas_proxy():
    with lost_reply("kafka") as first:
        started = time.monotonic()
        with pytest.raises(Trouble, match="in use"):
            lost_reply("kafka", deadline=0.2).__enter__()
        assert time.monotonic() - started < 5
        entered = threading.Event()

        def second():
            with lost_reply("kafka", deadline=10) as proxy:
                assert proxy.port == first.port
                entered.set()

        waiting = threading.Thread(target=second, daemon=True)
        waiting.start()
        assert not entered.is_set()
    assert entered.wait(10)
    waiting.join(10)


def test_a_process_that_dies_frees_the_port(tmp_path):
    """flock belongs to the process: however it ends, the next one gets the proxy."""
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    child = context.Process(target=_hold, args=(str(tmp_path / "lock"), held))
    child.start()
    assert held.wait(20)
    with pytest.raises(Trouble):
        LostReplyProxy("kafka", "127.0.0.1", 1, lock=tmp_path / "lock", deadline=0.1).__enter__()
    child.kill()
    with LostReplyProxy("kafka", "127.0.0.1", 1, lock=tmp_path / "lock", deadline=10):
        pass
    child.join(10)


def _hold(lock, held):
    from pathlib import Path

    with LostReplyProxy("kafka", "127.0.0.1", 1, lock=Path(lock)):
        held.set()
        threading.Event().wait()


# All of them


def test_the_proxy_listens_on_this_machine_only_and_leaves_nothing_behind(r):
    before = {thread.name for thread in threading.enumerate()}
    with lost_reply("redis", "LPUSH") as proxy, redis_behind(proxy) as client:
        assert client.ping()
        assert proxy._listener.getsockname()[0] == "127.0.0.1"
        port = proxy.port
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    for thread in threading.enumerate():
        if thread.name.startswith("proxy") and thread.name not in before:
            thread.join(5)
            assert not thread.is_alive()
    proxy.close()  # twice is harmless


def test_a_broker_that_is_down_looks_down():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers here
        with LostReplyProxy("redis", *taken.getsockname(), lose="LPUSH") as proxy:
            with redis_behind(proxy, **ONCE) as client, pytest.raises(redis.ConnectionError):
                client.ping()


def test_a_port_that_is_taken_is_told_in_a_sentence():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(Trouble, match=f"port {taken.getsockname()[1]}"):
            LostReplyProxy(
                "redis", "127.0.0.1", 1, lose="LPUSH", listen_port=taken.getsockname()[1]
            ).__enter__()


@pytest.mark.parametrize(
    "options",
    [
        {"kind": "mysql"},
        {"kind": "redis"},
        {"kind": "kafka", "lose": "Prodcue"},
        {"kind": "rabbitmq", "lose": "deliver", "cut": "request"},
        {"kind": "kafka", "cut": "answer"},
        {"kind": "kafka", "n": 0},
    ],
)
def test_a_fault_that_cannot_happen_is_refused_at_once(options):
    with pytest.raises(ValueError):
        LostReplyProxy(options.pop("kind"), "127.0.0.1", 1, **options)


def test_wait_lost_says_when_nothing_was_lost(r):
    with lost_reply("redis", "LPUSH") as proxy:
        assert not proxy.wait_lost(0.05)


def test_what_the_proxy_cannot_read_is_not_silent():
    """A client that speaks another protocol is cut off, and the check can see why."""
    with lost_reply("redis", "LPUSH") as proxy, socket.create_connection((proxy.host, proxy.port)) as raw:
        raw.settimeout(5)
        raw.sendall(b"*1\r\n?what\r\n")
        assert _read_to_the_end(raw) == b""
        assert proxy.failures == ["ValueError: not RESP: '?'"]
