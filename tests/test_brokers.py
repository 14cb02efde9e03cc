"""The native backend on real brokers: started, killed, frozen, wiped, refused; two checkouts side by side;
external ones.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import kafka
import pika
import psutil
import pytest
from processes import HEARS_INTERRUPTS
import redis
from compose import effective
from second_checkout import Checkout, one_sentence

from workbook import brokers, paths
from workbook.brokers import NAMES, control, install, ports, probes, processes, state
from workbook.trouble import Trouble

pytestmark = [pytest.mark.usefixtures("shared_brokers")]


def _only_native():
    if state.backend("crash") != "native":
        pytest.skip(f"about native processes; the backend here is {state.backend('crash')}")


@pytest.fixture
def native():
    _only_native()


@pytest.fixture(scope="module")
def second(tmp_path_factory):
    """A second checkout whose three native brokers run."""
    if not (paths.STATE / "kafka" / "jars").exists():
        pytest.skip("Kafka's jars are not here: the native backend was never used in this checkout")
    checkout = Checkout(tmp_path_factory.mktemp("zweite Werkstatt ü") / "wörk book").with_kafka()
    try:
        done = checkout.run("up", "--backend", "native")
        assert done.returncode == 0, done.stderr
        yield checkout
    finally:
        checkout.run("down", "--wipe")


def addresses_of(checkout):
    return json.loads((checkout.state / "brokers.json").read_text())["addresses"]


# --- what each can do ---------------------------------------------------------------------------------------


class Written:
    """Something that a client was told is safe, to be looked for after a fault."""

    def __init__(self, broker):
        self.name = broker.name
        self.address = broker.address
        getattr(self, f"_{self.name}")(write=True)
        if self.name == "rabbitmq":
            # A confirm speaks of the message. That the queue exists is written some two seconds later (seen on
            # 3.10.8 and 4.0.5: killed before, the node comes back without the queue and what was in it).
            broker.ctl("eval", "mnesia:sync_log().")

    def found(self):
        return getattr(self, f"_{self.name}")(write=False)

    def _redis(self, write):
        with redis.Redis(host=self.address["host"], port=self.address["port"]) as client:
            if write:
                client.set("order", "7")
                return None
            return client.get("order") == b"7"

    def _rabbitmq(self, write):
        address = self.address
        login = pika.PlainCredentials(address["user"], address["password"])
        connection = pika.BlockingConnection(
            pika.ConnectionParameters(address["host"], address["port"], credentials=login)
        )
        with contextlib.closing(connection):
            channel = connection.channel()
            channel.confirm_delivery()
            channel.queue_declare("wb-test-orders", durable=True)
            if write:
                channel.queue_purge("wb-test-orders")
                channel.basic_publish("", "wb-test-orders", b"7", pika.BasicProperties(delivery_mode=2))
                return None
            method, _, body = channel.basic_get("wb-test-orders", auto_ack=True)
            return body == b"7"

    def _kafka(self, write):
        servers = f"{self.address['host']}:{self.address['port']}"
        if write:
            admin = kafka.KafkaAdminClient(bootstrap_servers=servers, bootstrap_timeout_ms=5000)
            with contextlib.closing(admin):
                if "wb-test-orders" in admin.list_topics():
                    self._end = self._last(servers)
                else:
                    admin.create_topics({"wb-test-orders": {"num_partitions": 1, "replication_factor": 1}})
                    self._end = 0
            with contextlib.closing(kafka.KafkaProducer(bootstrap_servers=servers)) as producer:
                producer.send("wb-test-orders", b"7").get(10)
            return None
        return self._last(servers) == self._end + 1

    @staticmethod
    def _last(servers):
        consumer = kafka.KafkaConsumer(bootstrap_servers=servers, bootstrap_timeout_ms=5000)
        with contextlib.closing(consumer):
            partition = kafka.TopicPartition("wb-test-orders", 0)
            return consumer.end_offsets([partition])[partition]


@pytest.mark.parametrize("name", NAMES)
def test_a_killed_broker_serves_again_with_what_it_had_acknowledged(name):
    with brokers.crash_test(name, settings={"appendonly": "yes"} if name == "redis" else None) as broker:
        written = Written(broker)
        broker.kill()
        assert not broker.running()
        assert not broker.answers()
        broker.start()
        broker.wait_ready()
        assert broker.running() and broker.answers()
        assert written.found()


@pytest.mark.parametrize("name", NAMES)
def test_a_frozen_broker_keeps_its_port_and_says_nothing(name):
    with brokers.crash_test(name) as broker:
        broker.pause()
        assert broker.running()
        assert probes.listening(broker.address["host"], broker.address["port"])
        assert not broker.answers()
        broker.resume()
        broker.wait_ready()


@pytest.mark.parametrize("name", NAMES)
def test_whatever_a_holder_did_the_next_one_gets_it_running(name):
    with brokers.crash_test(name) as broker:
        broker.pause()
    with brokers.crash_test(name) as broker:
        assert broker.answers()
        broker.stop()
        assert not broker.running()
    with brokers.crash_test(name) as broker:
        assert broker.answers()


def test_redis_is_handed_over_empty_with_the_settings_asked_for_and_no_others():
    with brokers.crash_test(
        "redis", settings={"maxmemory": "3mb", "maxmemory-policy": "allkeys-lru"}
    ) as broker:
        with redis.Redis(
            host=broker.address["host"], port=broker.address["port"], decode_responses=True
        ) as client:
            assert client.config_get("maxmemory") == {"maxmemory": str(3 * 1024 * 1024)}
            client.set("left", "behind")
    with brokers.crash_test("redis") as broker:
        with redis.Redis(
            host=broker.address["host"], port=broker.address["port"], decode_responses=True
        ) as client:
            assert client.dbsize() == 0
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
            client.config_set("maxmemory-policy", "allkeys-random")
    with brokers.crash_test("redis") as broker:
        with redis.Redis(
            host=broker.address["host"], port=broker.address["port"], decode_responses=True
        ) as client:
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_what_was_unset_to_be_kept_is_lost_with_the_process():
    with brokers.crash_test("redis", settings={"appendonly": "no"}) as broker:
        written = Written(broker)
        broker.kill()
        broker.start()
        broker.wait_ready()
        assert not written.found()


def test_a_wiped_broker_has_nothing_left_and_a_running_one_is_not_wiped():
    with brokers.crash_test("redis") as broker:
        written = Written(broker)
        with pytest.raises(Trouble, match="is running"):
            broker.wipe()
        broker.stop()
        broker.wipe()
        broker.start()
        broker.wait_ready()
        assert not written.found()


def test_rabbitmq_with_a_changed_limit_is_restarted_for_the_next_holder(native):
    with brokers.crash_test("rabbitmq") as broker:
        broker.ctl("set_vm_memory_high_watermark", "0.2")
        before = broker.process.pid
    with brokers.crash_test("rabbitmq") as broker:
        assert broker.process.pid != before


def test_a_broker_that_cannot_start_shows_the_end_of_its_log(native):
    with pytest.raises(Trouble) as trouble:
        with brokers.crash_test("redis", settings={"no-such-setting": "1"}):
            pass
    assert "no-such-setting" in str(trouble.value) and "Bad directive" in str(trouble.value)
    with brokers.crash_test("redis") as broker:
        assert broker.answers()


# --- processes ----------------------------------------------------------------------------------------------


def test_one_holder_at_a_time_and_a_dead_one_holds_nothing():
    code = (
        "import sys\nfrom workbook import brokers\n"
        "with brokers.crash_test('redis') as broker:\n    print('held', flush=True)\n    sys.stdin.read()\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code], cwd=paths.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Trouble, match="another kernel"):
            with state.lock("crash-redis", deadline=0.1, busy="another kernel has it"):
                pass
    finally:
        holder.kill()
        holder.wait()
    with brokers.crash_test("redis") as broker:
        assert broker.answers()


def test_an_interrupt_of_a_kernels_group_does_not_reach_the_broker_it_had_started(native, second):
    code = (
        "import sys\nfrom workbook import brokers\n"
        "with brokers.crash_test('redis') as broker:\n"
        "    broker.kill()\n    broker.start()\n    broker.wait_ready()\n"
        "    print(broker.process.pid, flush=True)\n    sys.stdin.read()\n"
    )
    kernel = subprocess.Popen(
        [sys.executable, "-c", HEARS_INTERRUPTS + code],
        cwd=second.root,  # where no other holder of a crash-test broker can come in between
        env=second.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        broker = int(kernel.stdout.readline())
        assert os.getsid(broker) == broker
        os.killpg(kernel.pid, signal.SIGINT)
        assert kernel.wait(30) != 0
    finally:
        kernel.kill()
    assert processes.identity(broker) is not None
    assert second.python("from workbook import brokers\nprint(brokers.instance('redis', 'crash').answers())") == "True\n"


def test_a_number_that_now_belongs_to_another_process_is_not_killed(tmp_path):
    bystander = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE
    )
    try:
        record = tmp_path / "process.json"
        state.save(record, {"pid": bystander.pid, "identity": "1@an-earlier-boot", "command": "redis-server"})
        process = processes.Process(record)
        assert process.pid is None
        process.kill()
        process.end()
        assert bystander.poll() is None
        state.save(
            record,
            {"pid": bystander.pid, "identity": processes.identity(bystander.pid), "command": "redis-server"},
        )
        assert process.pid == bystander.pid
        process.kill()
        assert processes.identity(bystander.pid) is None
    finally:
        bystander.kill()
        bystander.wait()


def _listening(pid):
    everyone = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return {
        connection.laddr
        for process in everyone
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN or connection.type == socket.SOCK_DGRAM
    }


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_ours_listens_beyond_this_machine(native, name):
    with brokers.crash_test(name) as crash:  # held, so that nobody restarts it while we look
        for broker in (brokers.instance(name), crash):
            found = _listening(broker.process.pid)
            if name == "rabbitmq":
                found |= _listening(broker.epmd.pid)
            # `::1` is epmd's own addition; `::ffff:127.0.0.1` is how Java writes 127.0.0.1.
            assert {place.ip.removeprefix("::ffff:") for place in found} <= {"127.0.0.1", "::1"}, (
                broker,
                found,
            )
            # Every port of ours is open (which shows that we looked in the right place), and no other.
            wanted = set(broker.ports().values()) - {broker.ports().get("proxy_port")}
            assert {place.port for place in found} == wanted


def test_ports_are_high_ones_and_no_standard_ones(native):
    remembered = json.loads((paths.STATE / "ports.json").read_text())
    chosen = [port for of_instance in remembered.values() for port in of_instance.values()]
    assert len(chosen) == len(set(chosen)) >= 2 * (1 + 6 + 4)
    assert all(ports.FIRST <= port < ports.LAST for port in chosen)


# --- settings -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def effective_settings():
    return effective.of({name: brokers.instance(name) for name in NAMES})


def test_redis_uses_its_settings_file(effective_settings):
    assert effective_settings["redis"] == effective.redis_file()


def test_kafka_uses_its_settings_file(effective_settings):
    assert effective_settings["kafka"] == effective.kafka_file()


def test_rabbitmq_uses_its_settings_file(effective_settings):
    # Each value as Erlang writes it: {absolute,"800MB"} for 800MB.
    for key, value in effective.rabbitmq_file().items():
        assert value in effective_settings["rabbitmq"][key], key
    assert set(effective_settings["plugins"]) == effective.plugins_file()


# --- two checkouts, and a machine that is not as it should be -----------------------------------------------


def test_a_second_checkout_under_a_path_with_spaces_and_accents_shares_nothing(second):
    theirs, ours = addresses_of(second)["shared"], state.read()["addresses"]["shared"]
    for name in NAMES:
        assert probes.problem(name, theirs[name], timeout=3.0) is None
        assert set(ports_in(theirs[name])).isdisjoint(ports_in(ours[name]))
    with (
        redis.Redis(port=theirs["redis"]["port"], db=63) as there,
        redis.Redis(port=ours["redis"]["port"], db=63) as here,
    ):
        there.set("whose", "theirs")
        assert here.get("whose") is None


def ports_in(address):
    return [value for key, value in address.items() if key.endswith("port")]


def test_a_second_up_finds_everything_running(second):
    before = processes_of(second)
    done = second.run("up")
    assert done.returncode == 0 and "it is running" in done.stdout
    assert processes_of(second) == before


def processes_of(checkout):
    """The numbers of every process that was started in this checkout's state folders."""
    code = (
        "from workbook.brokers import control, NAMES, ROLES\n"
        "found = [control.instance(name, role) for role in ROLES for name in NAMES]\n"
        "print([i.process.pid for i in found] + [i.epmd.pid for i in found if i.name == 'rabbitmq'])"
    )
    return json.loads(checkout.python(code).replace("None", "null"))


def test_a_killed_shared_broker_is_reported_and_brought_back(second):
    second.python("from workbook import brokers; brokers.instance('redis').kill()")
    assert "Redis: not running" in second.run("status").stdout
    doctor = second.run("doctor")
    assert doctor.returncode == 1 and "python3 -m workbook up" in doctor.stdout
    trouble = second.python(
        "from workbook import brokers, Trouble\ntry:\n    brokers.require('redis', 'kafka')\n"
        "except Trouble as trouble:\n    print(trouble)"
    )
    assert trouble.startswith("Redis cannot be reached: run `python3 -m workbook up`")
    assert second.run("up").returncode == 0


def test_a_port_that_somebody_took_is_replaced(second):
    was = addresses_of(second)["shared"]["redis"]["port"]
    second.python("from workbook import brokers; brokers.instance('redis').stop()")
    with socket.create_server(("127.0.0.1", was)):
        assert second.run("up").returncode == 0
        now = addresses_of(second)["shared"]["redis"]
        assert now["port"] != was and probes.problem("redis", now) is None


def test_reset_empties_what_labs_left_and_nothing_else(second):
    place = addresses_of(second)["shared"]
    with redis.Redis(port=place["redis"]["port"], db=5) as client:
        client.set("left", "behind")
        probes.management(place["rabbitmq"], "/api/vhosts/wb-left", method="PUT", body={})
        probes.management(place["rabbitmq"], "/api/vhosts/mine", method="PUT", body={})
        admin = kafka.KafkaAdminClient(
            bootstrap_servers=f"127.0.0.1:{place['kafka']['port']}", bootstrap_timeout_ms=5000
        )
        with contextlib.closing(admin):
            admin.create_topics(
                {name: {"num_partitions": 1, "replication_factor": 1} for name in ("wb-left", "mine")}
            )
            assert second.run("reset").returncode == 0
            assert "wb-left" not in admin.list_topics() and "mine" in admin.list_topics()
        assert client.dbsize() == 0
        vhosts = {vhost["name"] for vhost in probes.management(place["rabbitmq"], "/api/vhosts")}
        assert "wb-left" not in vhosts and "mine" in vhosts


@pytest.mark.skipif(
    os.environ.get("WORKBOOK_QUICK") == "1", reason="quick: three brokers take as long as the other tests"
)
def test_three_kafka_brokers_go_on_without_their_leader(second):
    assert second.run("up", "kafka-cluster").returncode == 0
    said = second.python(
        "import kafka\nfrom workbook import brokers\n"
        "servers = brokers.address('kafka-cluster')['servers']\n"
        "cluster = brokers.instance('kafka-cluster')\n"
        "admin = kafka.KafkaAdminClient(bootstrap_servers=servers)\n"
        "admin.create_topics({'orders': {'num_partitions': 1, 'replication_factor': 3}})\n"
        "producer = kafka.KafkaProducer(bootstrap_servers=servers)\n"
        "first = producer.send('orders', b'7').get(30).offset\n"
        "leader = admin.describe_topics(['orders'])[0]['partitions'][0]['leader_id']\n"
        "cluster.nodes[leader].kill()\n"
        "second = producer.send('orders', b'8').get(60).offset\n"
        "print(first, second, cluster.running())\n"
        "cluster.nodes[leader].start()\ncluster.wait_ready()\nprint(len(admin.describe_cluster()['brokers']))\n"
    )
    assert said.split() == ["0", "1", "False", "3"]
    assert "Kafka (three brokers)" in second.run("status").stdout
    second.python(
        "from workbook import brokers\ncluster = "
        "brokers.instance('kafka-cluster')\ncluster.stop()\ncluster.wipe()"
    )


def test_activemq_serves_stomp_where_it_is_installed(second):
    if install.find("activemq") is None:
        pytest.skip("ActiveMQ is not installed here (`python3 -m workbook up activemq` would)")
    assert second.run("up", "activemq").returncode == 0
    assert "ActiveMQ" in second.run("status").stdout


def only(tmp_path, *programs):
    """A PATH on which there are only these programs."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for program in programs:
        found = shutil.which(program)
        if found:
            (folder / program).symlink_to(found)
    return str(folder)


def test_without_java_one_sentence_says_what_to_install(tmp_path):
    checkout = Checkout(tmp_path / "checkout").with_kafka()
    path = only(tmp_path, "redis-server", "rabbitmq-server", "erl", "epmd", "sh", "env")
    message = one_sentence(checkout.run("up", "--backend", "native", PATH=path, JAVA_HOME=None))
    assert "java" in message.lower() and "install" in message
    doctor = checkout.run("doctor", "--backend", "native", PATH=path, JAVA_HOME=None)
    assert doctor.returncode == 1 and "Java 17 or newer: not there" in doctor.stdout


def test_an_older_java_is_not_taken(tmp_path):
    path = only(tmp_path, "redis-server", "sh")
    # What an old Java answers to -version, said by a shell.
    old = Path(path) / "java"
    old.write_text("#!/bin/sh\necho 'openjdk version \"11.0.20\" 2023-07-18' >&2\n")
    old.chmod(0o755)
    checkout = Checkout(tmp_path / "checkout").with_kafka()
    assert (
        "java" in one_sentence(checkout.run("up", "--backend", "native", PATH=path, JAVA_HOME=None)).lower()
    )


def test_an_engine_that_is_installed_but_not_running_means_native_and_why(tmp_path):
    if not shutil.which("docker"):
        pytest.skip("no docker command on this machine")
    checkout = Checkout(tmp_path / "checkout")
    code = "from workbook.brokers import control; print(control.choose())"
    chosen = checkout.python(code, DOCKER_HOST=f"unix://{tmp_path}/no-engine.sock", DOCKER_CONTEXT=None)
    assert chosen.startswith("('native', ") and len(chosen) > 20
    doctor = checkout.run("doctor", DOCKER_HOST=f"unix://{tmp_path}/no-engine.sock", DOCKER_CONTEXT=None)
    assert "installed, but no engine runs" in doctor.stdout


@contextlib.contextmanager
def small_disk(folder, size):
    """A file system of this size at the folder; skips where this user may not mount one."""
    folder.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True
    )
    if made.returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_is_named_in_a_sentence(tmp_path):
    checkout = Checkout(tmp_path / "checkout")
    with small_disk(checkout.state, "64k"):
        with contextlib.suppress(OSError), open(checkout.state / "filler", "wb") as filler:
            while True:
                filler.write(b"x" * 4096)
        message = one_sentence(checkout.run("up", "--backend", "native"))
        assert "no space is left on the disk: free some" in message
        doctor = checkout.run("doctor", "--backend", "native")
        assert "Traceback" not in doctor.stdout + doctor.stderr


# --- external -----------------------------------------------------------------------------------------------


@pytest.fixture
def external(tmp_path):
    """A checkout that is told to use this one's shared brokers as external ones, and the variables that say
    so.
    """
    ours = state.read()["addresses"]["shared"]
    rabbit = ours["rabbitmq"]
    variables = {
        "REDIS_URL": f"redis://127.0.0.1:{ours['redis']['port']}/0",
        "AMQP_URL": f"amqp://{rabbit['user']}:{rabbit['password']}@127.0.0.1:{rabbit['port']}/%2F",
        "KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{ours['kafka']['port']}",
    }
    checkout = Checkout(tmp_path / "checkout").with_kafka()
    try:
        yield checkout, variables
    finally:
        checkout.run("down", "--wipe")


def test_external_brokers_are_used_and_never_harmed(external):
    checkout, variables = external
    up = checkout.run("up", "--backend", "external", **variables)
    assert up.returncode == 0, up.stderr
    before = [brokers.instance(name).running() for name in NAMES]
    for name in NAMES:
        for verb in ("kill", "stop", "pause", "wipe", "restart"):
            said = checkout.python(
                f"from workbook import brokers, Trouble\ntry:\n    brokers.instance('{name}').{verb}()\n"
                "except Trouble as trouble:\n    print(trouble)",
                **variables,
            )
            assert "external broker and is never" in said
    with redis.Redis(port=state.address("redis")["port"], db=61) as client:
        client.set("somebody", "else's")
        assert checkout.run("reset", **variables).returncode == 0
        assert client.get("somebody") == b"else's"
        client.delete("somebody")
    assert checkout.run("down", "--wipe", **variables).returncode == 0
    assert [brokers.instance(name).running() for name in NAMES] == before == [True, True, True]


def test_with_external_brokers_faults_happen_at_a_native_one(external):
    checkout, variables = external
    if not shutil.which("redis-server"):
        pytest.skip("no redis-server on this machine")
    assert checkout.run("up", "--backend", "external", **variables).returncode == 0
    said = checkout.python(
        "from workbook import brokers\nwith brokers.crash_test('redis') as broker:\n"
        "    broker.kill()\n    broker.start()\n    broker.wait_ready()\n    print(broker.backend, "
        "broker.address['port'])",
        **variables,
    )
    backend, port = said.split()
    assert backend == "native" and int(port) != state.address("redis")["port"]


def test_half_an_external_environment_is_named(external):
    checkout, variables = external
    message = one_sentence(checkout.run("up", "--backend", "external", REDIS_URL=variables["REDIS_URL"]))
    assert "AMQP_URL" in message and "KAFKA_BOOTSTRAP_SERVERS" in message


def test_an_external_address_where_nobody_answers_is_named(external):
    checkout, variables = external
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    message = one_sentence(
        checkout.run("up", "--backend", "external", **{**variables, "REDIS_URL": f"redis://127.0.0.1:{free}"})
    )
    assert "REDIS_URL" in message


def test_the_backend_can_be_asked_for_by_the_environment_and_a_wrong_one_is_refused(monkeypatch):
    monkeypatch.setenv("WORKBOOK_BACKEND", "external")
    assert control.choose() == ("external", "asked for")
    monkeypatch.setenv("WORKBOOK_BACKEND", "cloud")
    with pytest.raises(Trouble, match="native, compose, external"):
        control.choose()


# --- the end ------------------------------------------------------------------------------------------------


def test_down_leaves_no_process_and_wipe_leaves_no_data(second):
    second.python("from workbook import brokers\nwith brokers.crash_test('redis'): pass")
    before = [pid for pid in processes_of(second) if pid]
    assert len(before) == 5  # Redis, RabbitMQ, Kafka, RabbitMQ's epmd, the crash-test Redis
    done = second.run("down", "--wipe")
    assert done.returncode == 0, done.stderr
    assert [pid for pid in before if processes.identity(pid)] == []
    assert not list(second.state.glob("native/*/data/*"))
