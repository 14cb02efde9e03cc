"""Faults happen exactly where they are asked for: at the n-th operation, for each client library, on real brokers."""

import sqlite3

import pytest
from processes import until

from workbook.builder import answers
from workbook.faults import Fault
from workbook.lab import Corner
from workbook.outside import World


@pytest.fixture(scope="module")
def corner(request):
    """A corner on all brokers for the tests of this module."""
    from workbook import brokers

    brokers.require("redis", "rabbitmq", "kafka")
    with Corner(("redis", "rabbitmq", "kafka")) as corner:
        yield corner


@pytest.fixture(autouse=True)
def fresh(corner):
    corner.fresh()


def test_how_a_fault_is_written():
    assert Fault.parse("kill before BLMOVE") == Fault("kill", "before", "BLMOVE", 1)
    assert Fault.parse("hold after basic.ack 3") == Fault("hold", "after", "basic.ack", 3)
    assert str(Fault.parse("pause after charge 2")) == "frozen after its 2nd charge"
    assert str(Fault.parse("stop before * 11")) == "stopped before its 11th *"
    for text in ("", "kill", "kill before", "murder before BLMOVE", "kill near BLMOVE", "kill before BLMOVE twice", "a b c 2 d"):
        with pytest.raises(ValueError, match="a fault reads like"):
            Fault.parse(text)


def noted(outcome):
    return [fault["note"] for fault in outcome.faults]


# Redis

REDIS = answers.load('''
def push_three(r):
    for number in (1, 2, 3):
        r.lpush("jobs", f"order {number}")
    return "done"

def push_three_at_once(r):
    with r.pipeline() as pipe:
        for number in (1, 2, 3):
            pipe.lpush("jobs", f"order {number}")
        pipe.execute()

def look_then_push(r):
    with r.pipeline() as pipe:
        pipe.watch("jobs")
        length = pipe.llen("jobs")
        pipe.multi()
        pipe.lpush("jobs", f"order {length + 1}")
        pipe.execute()

def pop(r):
    r.rpop("jobs")

def put_off(r):
    raw = '{"id": "mail-7", "name": "mail", "args": {}}'
    r.zadd("retry", {raw: 1000})
    r.zrem("retry", raw)

def script(r):
    r.register_script("return redis.call('LPUSH', KEYS[1], ARGV[1])")(["jobs"], ["order 1"])
''')


@pytest.mark.parametrize(("fault", "left", "told"), [
    ("kill before LPUSH", 0, "killed before its LPUSH"),
    ("kill after LPUSH", 1, "killed after its LPUSH"),
    ("kill before LPUSH 2", 1, "killed before its 2nd LPUSH"),
    ("kill after LPUSH 2", 2, "killed after its 2nd LPUSH"),
    ("kill before * 3", 2, "killed before its 3rd LPUSH"),
    ("stop before LPUSH 3", 2, "stopped before its 3rd LPUSH"),
])
def test_redis_worker_dies_at_its_nth_command(corner, fault, left, told):
    outcome = corner.run(REDIS["push_three"], corner.redis, fault=fault)
    assert (outcome.kind, noted(outcome), corner.redis.llen("jobs")) == ("killed", [told], left)


def test_a_fault_that_is_never_reached_has_not_happened(corner):
    outcome = corner.run(REDIS["push_three"], corner.redis, fault="kill before LPUSH 4")
    assert (outcome.kind, outcome.faults, corner.redis.llen("jobs")) == ("returned", [], 3)


@pytest.mark.parametrize(("raw", "id"), [
    ('{"id": "mail-7", "name": "mail", "args": {"order": 7, "to": "somebody with a long address"}}', "mail-7"),
    ('{"id": 7}', "7"),
    ('{"id": "mail-7", "name": "mail", "args": {"or', '{"id": "mail-7", "name": "mail", "args":'),
    ('{"id": ["mail-7"]}', None),
    ("order 7", "order 7"),
])
def test_a_job_in_json_is_known_by_its_id(corner, raw, id):
    corner.redis.lpush("jobs", raw)
    corner.run(REDIS["pop"], corner.redis)
    ids = [entry.get("id") for entry in corner.history.records() if (entry["what"], entry["phase"]) == ("RPOP", "end")]
    assert ids == [id]


def test_a_job_in_a_sorted_set_is_known_by_its_id(corner):
    corner.run(REDIS["put_off"], corner.redis)
    ended = [entry for entry in corner.history.records() if entry["phase"] == "end" and entry["what"] != "worker"]
    assert [(entry["what"], entry.get("id")) for entry in ended] == [("ZADD", "mail-7"), ("ZREM", "mail-7")]


def test_redis_worker_is_frozen_and_thawed(corner):
    worker = corner.worker(REDIS["push_three"], corner.redis, fault="pause before LPUSH 2")
    assert worker.wait_paused()
    assert corner.redis.llen("jobs") == 1
    worker.resume()
    assert worker.finish().value == "done"
    assert corner.redis.llen("jobs") == 3


def test_redis_worker_is_held_and_released(corner):
    worker = corner.worker(REDIS["push_three"], corner.redis, faults=["hold before LPUSH 2", "hold after LPUSH 3"])
    assert worker.wait_held() == "held before its 2nd LPUSH"
    corner.redis.lpush("jobs", "between")
    worker.release()
    assert worker.wait_held() == "held after its 3rd LPUSH"
    corner.redis.lpush("jobs", "last")
    worker.release()
    outcome = worker.finish()
    assert noted(outcome) == ["held before its 2nd LPUSH", "held after its 3rd LPUSH"]
    assert corner.redis.lrange("jobs", 0, -1) == [b"last", b"order 3", b"order 2", b"between", b"order 1"]


@pytest.mark.parametrize(("fault", "left"), [("kill before EXEC", 0), ("kill after EXEC", 3), ("kill before LPUSH", 0)])
def test_redis_transaction_is_one_operation(corner, fault, left):
    outcome = corner.run(REDIS["push_three_at_once"], corner.redis, fault=fault)
    assert (outcome.kind, corner.redis.llen("jobs")) == ("killed", left)


def test_what_is_read_under_watch_counts(corner):
    worker = corner.worker(REDIS["look_then_push"], corner.redis, fault="hold after LLEN")
    assert worker.wait_held() == "held after its LLEN"
    corner.redis.lpush("jobs", "somebody else's")
    worker.release()
    assert worker.finish().error.kind == "WatchError"
    started = [entry["what"] for entry in corner.history.records() if entry["phase"] == "start"]
    assert started == ["worker", "WATCH", "LLEN", "EXEC"]


def test_a_script_is_an_eval_however_it_is_sent(corner):
    outcome = corner.run(REDIS["script"], corner.redis, fault="kill after EVAL")
    assert (outcome.kind, noted(outcome), corner.redis.llen("jobs")) == ("killed", ["killed after its EVALSHA"], 1)


def test_a_registered_script_is_one_step_whether_the_server_knows_it_or_not(corner):
    steps = []
    for name in ("unknown", "known"):
        if name == "unknown":
            corner.redis.script_flush()
        assert corner.run(REDIS["script"], corner.redis, name=name).kind == "returned"
        records = corner.history.records()
        steps.append([one["what"] for one in records if one["who"] == name and one["phase"] == "start"])
    assert steps == [["worker", "EVALSHA"]] * 2



# RabbitMQ

RABBITMQ = answers.load('''
def publish_three(parameters, queue):
    import pika
    channel = pika.BlockingConnection(parameters).channel()
    for number in (1, 2, 3):
        channel.basic_publish("", queue, f"order {number}")

def acknowledge_three(parameters, queue):
    import pika
    channel = pika.BlockingConnection(parameters).channel()
    for number in (1, 2, 3):
        method, _, body = channel.basic_get(queue)
        channel.basic_ack(method.delivery_tag)

def consume_three(parameters, queue):
    import pika
    channel = pika.BlockingConnection(parameters).channel()
    for method, _, body in channel.consume(queue):
        channel.basic_ack(method.delivery_tag)
        if method.delivery_tag == 3:
            break

def reject(parameters, queue):
    import pika
    channel = pika.BlockingConnection(parameters).channel()
    channel.basic_reject(channel.basic_get(queue)[0].delivery_tag, requeue=False)
''')


@pytest.fixture
def queue(corner):
    """(channel, name) of an empty queue."""
    channel = corner.connect().channel()
    name = corner.name("jobs")
    channel.queue_declare(name)
    return channel, name


def waiting(channel, name):
    return channel.queue_declare(name, passive=True).method.message_count


@pytest.mark.parametrize(("fault", "left"), [
    ("kill before basic.publish 2", 1),
    ("kill after basic.publish 2", 2),
    ("kill after basic.publish 3", 3),
])
def test_rabbitmq_worker_dies_at_its_nth_publish(corner, queue, fault, left):
    outcome = corner.run(RABBITMQ["publish_three"], corner.amqp(), queue[1], fault=fault)
    assert (outcome.kind, noted(outcome)) == ("killed", [fault.replace("kill", "killed").replace(
        "basic.publish 2", "its 2nd basic.publish").replace("basic.publish 3", "its 3rd basic.publish")])
    assert waiting(*queue) == left


@pytest.mark.parametrize("function", ["acknowledge_three", "consume_three"])
@pytest.mark.parametrize(("fault", "left"), [
    ("kill before basic.ack", 3),
    ("kill after basic.ack", 2),
    ("kill before basic.ack 3", 1),
    ("kill after basic.ack 3", 0),
])
def test_rabbitmq_worker_dies_at_its_nth_ack(corner, queue, function, fault, left):
    channel, name = queue
    channel.confirm_delivery()
    for number in (1, 2, 3):
        channel.basic_publish("", name, f"order {number}")
    outcome = corner.run(RABBITMQ[function], corner.amqp(), name, fault=fault)
    assert (outcome.kind, len(outcome.faults)) == ("killed", 1)
    # What was not acknowledged comes back when the broker has noticed that the connection is gone.
    assert until(lambda: waiting(channel, name) == left), waiting(channel, name)
    if left:
        assert channel.basic_get(name)[2] == f"order {4 - left}".encode()


def test_rabbitmq_worker_dies_after_a_reject(corner, queue):
    channel, name = queue
    channel.confirm_delivery()
    channel.basic_publish("", name, "order 1")
    assert corner.run(RABBITMQ["reject"], corner.amqp(), name, fault="kill after basic.reject").kind == "killed"
    assert waiting(channel, name) == 0


def test_rabbitmq_worker_is_frozen_and_held(corner, queue):
    worker = corner.worker(
        RABBITMQ["publish_three"], corner.amqp(), queue[1], faults=["pause after basic.publish", "hold before basic.publish 3"]
    )
    assert worker.wait_paused()
    assert waiting(*queue) == 1
    worker.resume()
    assert worker.wait_held() == "held before its 3rd basic.publish"
    assert waiting(*queue) == 2
    worker.release()
    worker.finish()
    assert until(lambda: waiting(*queue) == 3)


# Kafka

KAFKA = answers.load('''
def send_three(bootstrap, topic):
    import kafka
    producer = kafka.KafkaProducer(bootstrap_servers=bootstrap)
    for number in (1, 2, 3):
        producer.send(topic, f"order {number}".encode())
        producer.flush()

def send_in_a_transaction(bootstrap, topic, transactional_id):
    import kafka
    producer = kafka.KafkaProducer(bootstrap_servers=bootstrap, transactional_id=transactional_id)
    producer.init_transactions()
    producer.begin_transaction()
    producer.send(topic, b"order 1")
    producer.commit_transaction()

def read_and_commit(bootstrap, topic, group):
    import kafka
    consumer = kafka.KafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    partition = kafka.TopicPartition(topic, 0)
    consumer.assign([partition])
    consumer.seek(partition, 0)
    while not consumer.poll(timeout_ms=200):
        pass
    consumer.commit()
''')


def end_of(corner, topic):
    import kafka

    consumer = kafka.KafkaConsumer(bootstrap_servers=corner.bootstrap)
    try:
        partition = kafka.TopicPartition(topic, 0)
        return consumer.end_offsets([partition])[partition]
    finally:
        consumer.close()


def committed(corner, topic, group):
    import kafka

    consumer = kafka.KafkaConsumer(bootstrap_servers=corner.bootstrap, group_id=group, enable_auto_commit=False)
    try:
        return consumer.committed(kafka.TopicPartition(topic, 0))
    finally:
        consumer.close()


@pytest.mark.parametrize(("fault", "left"), [
    ("kill before send 2", 1),
    ("kill after flush 2", 2),
    ("kill before flush 4", 3),
])
def test_kafka_worker_dies_at_its_nth_send_and_flush(corner, fault, left):
    topic = corner.topic("orders")
    outcome = corner.run(KAFKA["send_three"], corner.bootstrap, topic, fault=fault, within=20)
    assert outcome.kind == ("returned" if fault.endswith("4") else "killed"), outcome
    assert end_of(corner, topic) == left


@pytest.mark.parametrize(("fault", "left"), [("kill before commit", None), ("kill after commit", 1)])
def test_kafka_worker_dies_at_its_commit(corner, fault, left):
    topic, group = corner.topic("orders"), corner.name("readers")
    corner.run(KAFKA["send_three"], corner.bootstrap, topic, fault="kill after flush", within=20)
    outcome = corner.run(KAFKA["read_and_commit"], corner.bootstrap, topic, group, fault=fault, within=20)
    assert (outcome.kind, len(outcome.faults)) == ("killed", 1)
    assert committed(corner, topic, group) == left


@pytest.mark.parametrize(("fault", "left"), [("kill before commit_transaction", 0), ("kill after commit_transaction", 1)])
def test_kafka_worker_dies_at_the_end_of_its_transaction(corner, fault, left):
    import kafka

    topic, identity = corner.topic("orders"), corner.name("shop")
    outcome = corner.run(KAFKA["send_in_a_transaction"], corner.bootstrap, topic, identity, fault=fault, within=20)
    assert (outcome.kind, len(outcome.faults)) == ("killed", 1)
    # The same identity begins anew, which fences the dead one and ends what it had open.
    producer = kafka.KafkaProducer(bootstrap_servers=corner.bootstrap, transactional_id=identity)
    producer.init_transactions()
    producer.close()
    consumer = kafka.KafkaConsumer(
        bootstrap_servers=corner.bootstrap, isolation_level="read_committed", enable_auto_commit=False
    )
    try:
        partition = kafka.TopicPartition(topic, 0)
        consumer.assign([partition])
        consumer.seek(partition, 0)
        found = []

        def read():
            found.extend(record.value for records in consumer.poll(timeout_ms=50).values() for record in records)
            return consumer.position(partition) == consumer.end_offsets([partition])[partition]

        assert until(read)
        assert found == [b"order 1"] * left
    finally:
        consumer.close()


def test_kafka_worker_is_frozen_and_held(corner):
    topic = corner.topic("orders")
    worker = corner.worker(
        KAFKA["send_three"], corner.bootstrap, topic, faults=["pause after flush", "hold before send 3"]
    )
    assert worker.wait_paused(20)
    assert end_of(corner, topic) == 1
    worker.resume()
    assert worker.wait_held(20) == "held before its 3rd send"
    assert end_of(corner, topic) == 2
    worker.release()
    assert worker.finish(20).kind == "returned"
    assert end_of(corner, topic) == 3


# SQLite and the outside world

SQLITE = answers.load('''
def write(path):
    import sqlite3
    from workbook.faults import ProbedConnection
    db = sqlite3.connect(path, factory=ProbedConnection)
    with db:
        db.execute("INSERT INTO orders VALUES (1)")
        db.execute("INSERT INTO orders VALUES (2)")
    db.execute("INSERT INTO orders VALUES (3)")
    db.commit()

def charge(world):
    world.charge("order 1", 4900)
    world.mail("ann@example.org", "order 1")
    world.charge("order 2", 100)
''')


@pytest.mark.parametrize(("fault", "left"), [
    ("kill before INSERT 2", 0), ("kill before COMMIT", 0), ("kill after COMMIT", 2), ("kill before COMMIT 2", 2),
    ("kill after COMMIT 2", 3),
])
def test_sqlite_worker_dies_at_its_nth_statement(corner, tmp_path, fault, left):
    path = str(tmp_path / "shop.db")
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE orders (id)")
    db.close()
    outcome = corner.run(SQLITE["write"], path, fault=fault)
    assert (outcome.kind, len(outcome.faults)) == ("killed", 1)
    db = sqlite3.connect(path)
    assert db.execute("SELECT count(*) FROM orders").fetchone() == (left,)
    db.close()


@pytest.mark.parametrize(("fault", "charges", "mails"), [
    ("kill before charge", [], 0), ("kill after charge", ["order 1"], 0), ("kill after mail", ["order 1"], 1),
    ("kill before charge 2", ["order 1"], 1),
])
def test_the_outside_world_remembers_what_a_dead_worker_did(corner, fault, charges, mails):
    assert corner.run(SQLITE["charge"], corner.world, fault=fault).kind == "killed"
    assert (corner.world.charges(), len(corner.world.mails())) == (charges, mails)


def test_a_provider_that_has_pruned_its_keys_charges_again(tmp_path):
    world = World(tmp_path / "world.db")
    first = world.charge("order 1", 4900, key="charge-1")
    assert world.charge("order 1", 4900, key="charge-1") == first
    assert world.charges() == ["order 1"]
    world.prune_keys()
    assert world.charge("order 1", 4900, key="charge-1") != first
    assert world.charges() == ["order 1", "order 1"]
