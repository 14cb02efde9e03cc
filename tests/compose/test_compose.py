"""docker-compose.yml and the compose backend, on a real engine: up, killed, frozen, restarted, down."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path

import effective
import pytest

from workbook import paths
from workbook.brokers import compose, control, probes
from workbook.brokers.base import NAMES
from workbook.trouble import Trouble

# The first run builds images, and brokers start many times.
pytestmark = pytest.mark.timeout(900)

DEFAULT_PORTS = (21379, 21672, 21673, 21883, 21613, 21092, 21094)


def docker(*arguments, check=True):
    """A docker command's output."""
    return subprocess.run(
        ["docker", *arguments], capture_output=True, text=True, check=check, timeout=120
    ).stdout.strip()


def in_project(project, *what):
    """What of one kind the engine has for a project: `in_project(name, "ps", "--all")`."""
    return docker(*what, "--quiet", "--filter", f"label=com.docker.compose.project={project}").split()


@pytest.fixture(scope="module")
def broker(project):
    """The three shared brokers of this module's project, running: a function of a broker's name."""
    control.up(backend="compose")
    return lambda name: control.instance(name)


def revived(instance):
    """Seconds from a start after a SIGKILL until a client is served."""
    instance.kill()
    assert not instance.running()
    assert not instance.answers()
    started = time.monotonic()
    instance.start()
    instance.wait_ready()
    return time.monotonic() - started


# The file, by hand ------------------------------------------------------------------------------------------


def test_the_file_pins_official_images_and_publishes_nothing_outside(by_hand):
    without = {name: "" for name in ("REDIS", "RABBITMQ", "KAFKA", "ACTIVEMQ")}
    shown = by_hand("--profile", "*", "config", "--format", "json",
                    **{f"WORKBOOK_{name}_IMAGE": value for name, value in without.items()})  # fmt: skip
    services = json.loads(shown.stdout)["services"]
    assert set(services) == {"redis", "rabbitmq", "kafka", "redis-crash", "rabbitmq-crash", "kafka-crash",
                             "kafka-1", "kafka-2", "kafka-3", "activemq"}  # fmt: skip
    official = r"(redis|rabbitmq|apache/kafka|apache/activemq-classic):\d+\.\d+\.\d+(-management)?"
    published = []
    for name, service in services.items():
        assert re.fullmatch(official, service["image"]), f"{name} uses {service['image']}"
        assert "container_name" not in service, "a fixed name would collide with another checkout's"
        assert service["labels"]["workbook.checkout"]
        assert not re.search(r"java|kafka-\w+\.sh|rabbitmq-|rabbitmqctl", str(service["healthcheck"]["test"]))
        for port in service["ports"]:
            assert port["host_ip"] == "127.0.0.1", f"{name} publishes {port}"
            published.append(int(port["published"]))
    assert len(set(published)) == len(published), "two services publish the same port"
    standard = {6379, 5672, 15672, 1883, 61613, 61616, 8161, 9092}
    assert not standard & set(published), "somebody's own broker is probably there"


def test_the_file_by_hand_from_a_clone(by_hand, measured):
    taken = [port for port in DEFAULT_PORTS if probes.listening("127.0.0.1", port)]
    if taken:
        pytest.skip(f"the default ports are in use on this machine: {taken}")
    started = time.monotonic()
    by_hand("up", "--detach", "--wait")
    measured("`docker compose up -d --wait` by hand, new data", time.monotonic() - started)
    states = [json.loads(line) for line in by_hand("ps", "--format", "json").stdout.splitlines()]
    assert {state["Service"]: state["Health"] for state in states} == dict.fromkeys(NAMES, "healthy")
    for name, port in (("redis", 21379), ("kafka", 21092)):
        assert probes.problem(name, {"host": "127.0.0.1", "port": port}, 5) is None
    rabbitmq = {
        "host": "127.0.0.1",
        "port": 21672,
        "management_port": 21673,
        "user": "guest",
        "password": "guest",
    }
    assert probes.problem("rabbitmq", rabbitmq, 5) is None
    assert probes.listening("127.0.0.1", 21883) and probes.listening("127.0.0.1", 21613), (
        "MQTT and STOMP are closed"
    )


# The backend ------------------------------------------------------------------------------------------------


def test_versions_are_the_images_own_and_of_the_line_that_is_pinned(broker, by_hand, measured):
    blank = {f"WORKBOOK_{name.upper()}_IMAGE": "" for name in NAMES}
    pinned = json.loads(by_hand("config", "--format", "json", **blank).stdout)["services"]
    binary = {
        "redis": (["redis-server", "--version"], r"v=([\d.]+)"),
        "rabbitmq": (["rabbitmqctl", "version"], r"^([\d.]+)"),
        "kafka": (["ls", "/opt/kafka/libs"], r"kafka-clients-([\d.]+)\.jar"),
    }
    for name in NAMES:
        version = broker(name).version()
        command, pattern = binary[name]
        inside = subprocess.run(
            ["docker", "exec", *in_project(compose.project(), "ps", "--filter",
             f"label=com.docker.compose.service={name}"), *command],
            capture_output=True, text=True, check=True, timeout=60,
        ).stdout  # fmt: skip
        assert re.search(pattern, inside, re.MULTILINE)[1] == version
        default = pinned[name]["image"]
        line = re.search(r":(\d+\.\d+)", default)[1]
        assert version.startswith(f"{line}."), f"{default} is pinned, but {version} is what was tested"
        measured(f"tested: {broker(name).title} {version} (pinned by default: {default})")
    engine = docker("version", "--format", "{{.Server.Version}}")
    measured(f"engine {engine}, compose {docker('compose', 'version', '--short')}")


def test_only_127_0_0_1_is_listened_on(broker, project):
    import psutil

    wanted = set()
    for identity in in_project(project, "ps"):
        ports = json.loads(docker("inspect", "--format", "{{json .NetworkSettings.Ports}}", identity))
        for bindings in ports.values():
            for binding in bindings or []:
                assert binding["HostIp"] == "127.0.0.1"
                wanted.add(int(binding["HostPort"]))
    assert len(wanted) == 1 + 4 + 2
    open_at = {(listener.laddr.ip, listener.laddr.port) for listener in psutil.net_connections("tcp")
               if listener.status == psutil.CONN_LISTEN and listener.laddr.port in wanted}  # fmt: skip
    if (
        open_at
    ):  # an engine in a virtual machine or with kernel forwarding alone has no listener that we could see
        assert open_at == {("127.0.0.1", port) for port in wanted}
    own = [address.address for addresses in psutil.net_if_addrs().values() for address in addresses
           if address.family == socket.AF_INET and not address.address.startswith("127.")]  # fmt: skip
    outside = [ip for ip in own if any(probes.listening(ip, port) for port in wanted)]
    assert not outside, f"reached from outside through {outside}"


def test_killed_redis_finds_its_data(broker, measured):
    import redis

    at = broker("redis").address
    with redis.Redis(port=at["port"]) as client:
        for number in range(100):
            client.rpush("orders", number)
    measured("Redis killed, serves again", revived(broker("redis")))
    with redis.Redis(port=at["port"]) as client:
        assert client.lrange("orders", 0, -1) == [str(number).encode() for number in range(100)]
        client.delete("orders")


def test_killed_rabbitmq_finds_its_data(broker, measured):
    import pika

    def connect():
        at = broker("rabbitmq").address
        return pika.BlockingConnection(pika.ConnectionParameters(at["host"], at["port"]))

    with connect() as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.queue_declare("orders", durable=True)
        # RabbitMQ 4.0.5 confirms a declaration before it is on disk: killed within moments, it forgets the
        # queue (seen here twice in seven times), and with it messages that it has confirmed. A queue that is
        # a moment old stays.
        compose._compose("exec", "-T", "rabbitmq", "rabbitmqctl", "eval", "mnesia:sync_log().", what="sync")
        for number in range(20):
            channel.basic_publish("", "orders", str(number), pika.BasicProperties(delivery_mode=2))
    measured("RabbitMQ killed, serves again", revived(broker("rabbitmq")))
    with connect() as connection:
        channel = connection.channel()
        found = [channel.basic_get("orders", auto_ack=True)[2] for _ in range(20)]
        channel.queue_delete("orders")
    assert found == [str(number).encode() for number in range(20)]


def test_killed_kafka_finds_its_data(broker, measured):
    write(broker("kafka").address, "orders", 100)
    measured("Kafka killed, serves again", revived(broker("kafka")))
    assert read(broker("kafka").address, "orders") == [str(number).encode() for number in range(100)]


def write(address, topic, many, replicas=1):
    """Make a topic and send records that are acknowledged."""
    from kafka import KafkaAdminClient, KafkaProducer

    servers = address.get("servers") or f"{address['host']}:{address['port']}"
    admin = KafkaAdminClient(bootstrap_servers=servers, bootstrap_timeout_ms=5000)
    admin.create_topics({topic: {"num_partitions": 1, "replication_factor": replicas}})
    admin.close()
    producer = KafkaProducer(bootstrap_servers=servers, bootstrap_timeout_ms=5000)
    for sent in [producer.send(topic, str(number).encode()) for number in range(many)]:
        sent.get(30)
    producer.close()


def read(address, topic):
    """Every record of a topic's only partition."""
    from kafka import KafkaConsumer, TopicPartition

    servers = address.get("servers") or f"{address['host']}:{address['port']}"
    consumer = KafkaConsumer(
        bootstrap_servers=servers, bootstrap_timeout_ms=5000, auto_offset_reset="earliest"
    )
    partition = TopicPartition(topic, 0)
    consumer.assign([partition])
    end, found = consumer.end_offsets([partition])[partition], []
    while consumer.position(partition) < end:
        found += [record.value for record in consumer.poll(1000).get(partition, [])]
    consumer.close()
    return found


@pytest.mark.parametrize("name", NAMES)
def test_frozen_it_answers_nobody_and_thawed_it_does(broker, name):
    instance = broker(name)
    with instance.frozen():
        assert instance.running()
        assert not instance.answers()
        instance.pause()  # frozen already: nothing happens
    instance.wait_ready()
    instance.resume()  # not frozen: nothing happens
    assert instance.answers()


def test_the_lost_reply_proxy_gets_its_clients_from_the_proxied_listener(broker):
    from kafka import KafkaAdminClient, KafkaProducer

    from workbook.proxy import lost_reply

    at = broker("kafka").address
    admin = KafkaAdminClient(bootstrap_servers=f"{at['host']}:{at['port']}", bootstrap_timeout_ms=5000)
    admin.create_topics({"proxied": {"num_partitions": 1, "replication_factor": 1}})
    admin.close()
    with lost_reply("kafka", "Produce") as proxy:
        producer = KafkaProducer(bootstrap_servers=f"{proxy.host}:{proxy.port}", bootstrap_timeout_ms=5000)
        producer.send("proxied", b"order 7").get(30)
        producer.close()
        assert proxy.lost == 1, "the client left the proxy: the listener advertises another address"
    assert read(at, "proxied") == [b"order 7"]


def test_what_they_use_is_what_the_settings_files_say(broker):
    found = effective.of({name: broker(name) for name in NAMES})
    assert found["redis"] == effective.redis_file()
    assert found["rabbitmq"] == effective.rabbitmq_file()
    assert found["kafka"] == effective.kafka_file()
    assert set(found["plugins"]) == effective.plugins_file()


def test_native_brokers_use_the_same(broker, tmp_path):
    from workbook.brokers import install

    if install.missing() and os.environ.get("WORKBOOK_REQUIRE_COMPOSE") != "1":
        pytest.skip(f"the native backend is not installed here: {install.missing()}")
    copy = tmp_path / "checkout"
    shutil.copytree(paths.ROOT / "workbook", copy / "workbook", ignore=shutil.ignore_patterns("__pycache__"))
    kafka = paths.ROOT / ".workbook" / "kafka"
    if kafka.exists():
        shutil.copytree(kafka, copy / ".workbook" / "kafka")
    done = subprocess.run(
        [sys.executable, str(Path(effective.__file__)), "native"],
        cwd=copy, capture_output=True, text=True, timeout=400,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    native = json.loads(done.stdout.strip().splitlines()[-1])
    assert native == effective.of({name: broker(name) for name in NAMES})


def test_a_crash_test_instance_with_settings_of_its_own(broker):
    import redis

    from workbook.brokers import crash

    with crash.hold("redis", {"appendonly": "no", "save": ""}) as twin:
        assert twin.services == ("redis-crash",)
        assert twin.address["port"] != broker("redis").address["port"]
        with redis.Redis(port=twin.address["port"], decode_responses=True) as client:
            assert client.config_get("appendonly") == {"appendonly": "no"}
            client.set("order", 7)
        revived(twin)
        with redis.Redis(port=twin.address["port"]) as client:
            assert client.get("order") is None, "without an append-only file a killed Redis forgets"
    with crash.hold("redis") as twin, redis.Redis(port=twin.address["port"], decode_responses=True) as client:
        assert client.config_get("appendonly") == {"appendonly": "yes"}
        assert client.dbsize() == 0
    assert broker("redis").answers()
    twin.stop()


def test_a_start_that_fails_shows_the_end_of_the_log(project, broker):
    twin = control.instance("redis", "crash")
    twin.start({"no-such-directive": "7"})
    with pytest.raises(Trouble, match=r"(?s)crash-test Redis ended instead of starting.*no-such-directive"):
        twin.wait_ready()
    twin.start({})
    twin.wait_ready()
    twin.stop()


def test_down_keeps_data_and_wipe_removes_it_and_nobody_elses(broker, project, measured):
    import redis

    image = compose.images(["redis"])["redis"]
    other = f"other-{uuid.uuid4().hex[:8]}"
    theirs = ["--label", f"com.docker.compose.project={other}", "--label", "com.docker.compose.service=redis"]
    docker("volume", "create", *theirs[:2], other)
    docker(
        "run", "--detach", "--name", other, *theirs, "--volume", f"{other}:/data", "--network", "none", image
    )
    try:
        with redis.Redis(port=broker("redis").address["port"]) as client:
            client.set("kept", "yes")
        started = time.monotonic()
        control.down()
        measured("down", time.monotonic() - started)
        assert not in_project(project, "ps", "--all")
        started = time.monotonic()
        control.up(backend="compose")
        measured("up side by side, data there", time.monotonic() - started)
        with redis.Redis(port=broker("redis").address["port"]) as client:
            assert client.get("kept") == b"yes"
        assert read(broker("kafka").address, "orders") == [str(number).encode() for number in range(100)]
        control.down(wipe=True)
        for kind in (("ps", "--all"), ("volume", "ls"), ("network", "ls")):
            assert not in_project(project, *kind), f"{kind} left something"
        started = time.monotonic()
        control.up(backend="compose")
        measured("up side by side, new data", time.monotonic() - started)
        with redis.Redis(port=broker("redis").address["port"]) as client:
            assert client.get("kept") is None
        assert docker("inspect", "--format", "{{.State.Running}} {{.RestartCount}}", other) == "true 0"
        assert other in docker("volume", "ls", "--quiet").split()
    finally:
        docker("rm", "--force", "--volumes", other, check=False)
        docker("volume", "rm", other, check=False)


@pytest.mark.parametrize("name", NAMES)
def test_each_alone(broker, measured, name):
    instance = broker(name)
    instance.stop()
    instance.wipe()
    assert not instance.running()
    started = time.monotonic()
    instance.start()
    instance.wait_ready()
    measured(f"{instance.title} alone, new data", time.monotonic() - started)


# Profiles ---------------------------------------------------------------------------------------------------


def test_three_kafka_brokers_go_on_when_one_is_killed(project, broker, measured):
    from kafka import KafkaAdminClient, KafkaProducer

    control.down(wipe=True)  # room on a small machine
    control.up(backend="compose", names=("redis",))
    cluster = control.instance("kafka-cluster")
    started = time.monotonic()
    cluster.start()
    cluster.wait_ready()
    measured("three Kafka brokers joined, new data", time.monotonic() - started)
    assert cluster.version() == "4.3.1"
    write(cluster.address, "replicated", 10, replicas=3)
    admin = KafkaAdminClient(bootstrap_servers=cluster.address["servers"], bootstrap_timeout_ms=5000)
    (topic,) = admin.describe_topics(["replicated"])
    admin.close()
    (partition,) = topic["partitions"]
    replicas = next(value for key, value in partition.items() if key.startswith("replica"))
    leader = next(
        value for key, value in partition.items() if key.startswith("leader") and "epoch" not in key
    )
    assert sorted(replicas) == [1, 2, 3]
    docker("kill", "--signal", "KILL", *in_project(project, "ps", "--filter",
           f"label=com.docker.compose.service=kafka-{leader}"))  # fmt: skip
    producer = KafkaProducer(
        bootstrap_servers=cluster.address["servers"], bootstrap_timeout_ms=5000, acks="all"
    )
    producer.send("replicated", b"10").get(60)
    producer.close()
    assert read(cluster.address, "replicated") == [str(number).encode() for number in range(11)]
    assert not cluster.running(), "one of the three is down"
    cluster.start()
    cluster.wait_ready()
    cluster.stop()


def test_activemq_keeps_a_persistent_message(project, broker, measured):
    image = json.loads(compose._compose("config", "--format", "json").stdout)["services"]["activemq"]["image"]
    if not docker("image", "ls", "--quiet", image):
        pytest.skip(f"the image {image} is not here")
    activemq = control.instance("activemq")
    started = time.monotonic()
    activemq.start()
    activemq.wait_ready()
    assert activemq.version().startswith("5.17.")
    measured(f"ActiveMQ {activemq.version()} alone, new data", time.monotonic() - started)
    stomp(
        activemq.address,
        b"SEND\ndestination:/queue/orders\npersistent:true\nreceipt:1\n\norder 7\0",
        b"RECEIPT",
    )
    revived(activemq)
    answer = stomp(
        activemq.address, b"SUBSCRIBE\ndestination:/queue/orders\nid:0\nack:auto\n\n\0", b"MESSAGE"
    )
    assert b"order 7" in answer
    activemq.stop()


def stomp(address, frame, wanted):
    """Open a STOMP session, send one frame, return what came up to the wanted answer."""
    with socket.create_connection((address["host"], address["port"]), 10) as connection:
        connection.sendall(b"CONNECT\naccept-version:1.2\nhost:localhost\n\n\0" + frame)
        seen = b""
        while wanted not in seen or not seen.rstrip(b"\n").endswith(b"\0"):
            part = connection.recv(4096)
            assert part, f"closed after {seen}"
            seen += part
    return seen


# What goes wrong, in a sentence -----------------------------------------------------------------------------


def test_an_engine_that_does_not_run(container_engine, monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    usable, why = compose.available()
    assert not usable
    assert "its engine does not run" in why and "--backend native" in why and "\n" not in why


def test_an_engine_that_does_not_answer(container_engine, monkeypatch):
    with socket.socket(socket.AF_UNIX) as deaf:
        place = f"/tmp/workbook-{uuid.uuid4().hex[:8]}.sock"
        deaf.bind(place)
        deaf.listen()
        try:
            monkeypatch.setenv("DOCKER_HOST", f"unix://{place}")
            started = time.monotonic()
            usable, why = compose.available(deadline=2.0)
            assert time.monotonic() - started < 10
        finally:
            os.unlink(place)
    assert not usable
    assert "gives no answer" in why and "\n" not in why


def test_no_docker_at_all(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert compose.available() == (False, "no docker command here")


def test_an_engine_on_another_machine(container_engine, monkeypatch):
    monkeypatch.setattr(compose, "_run", lambda *_, **__: subprocess.CompletedProcess([], 0, "28.0.0\n", ""))
    monkeypatch.setenv("DOCKER_HOST", "tcp://engine.example:2376")
    with pytest.raises(Trouble, match="another machine"):
        compose._engine()


def test_an_image_that_cannot_be_had(container_engine, state_folder, monkeypatch):
    monkeypatch.setenv("WORKBOOK_REDIS_IMAGE", "registry.invalid/redis:8.0.6")
    usable, why = compose.available()
    assert not usable
    assert "registry.invalid/redis:8.0.6" in why and "WORKBOOK_REDIS_IMAGE" in why and "\n" not in why
    with pytest.raises(Trouble, match="cannot be pulled: .* or use --backend native"):
        compose.prepare(lambda line: None)


def test_a_port_that_somebody_took(by_hand):
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        port = somebody.getsockname()[1]
        done = by_hand("up", "--detach", "redis", check=False, WORKBOOK_REDIS_PORT=str(port))
    assert done.returncode
    why = compose._why(done.stderr)
    assert f"({port}) has been taken by another program" in why and "\n" not in why


def test_a_port_that_somebody_took_while_it_was_down_is_chosen_anew(project, broker):
    twin = control.instance("redis", "crash")
    twin.stop()
    before = twin.address["port"]
    with socket.create_server(("127.0.0.1", before)):
        twin.start()
        twin.wait_ready()
        assert twin.address["port"] != before
    twin.stop()
