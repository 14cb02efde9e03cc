"""A lab's corner: nobody else's, empty at first, and gone with its holder, however that one ends."""

import os
import signal
import urllib.error
import uuid

import pytest
from processes import Program, running, until

from workbook import exercises, lab, predictions
from workbook.builder import answers
from workbook.lab import Corner, Lease, open_lab, places_in_use
from workbook.trouble import Trouble

ALL = ("redis", "rabbitmq", "kafka")


@pytest.fixture(autouse=True)
def brokers(shared_brokers):
    return shared_brokers


def a_sign():
    """A name that nothing else on these brokers bears, in no other run either."""
    return uuid.uuid4().hex[:12]


def topics(corner, number):
    return [name for name in corner.admin.list_topics() if name.startswith(f"wb-{number}-")]


def groups(corner, number):
    return [group["group_id"] for group in corner.admin.list_groups() if group["group_id"].startswith(f"wb-{number}-")]


def vhosts(corner):
    return [vhost["name"] for vhost in corner.manage("GET", "vhosts")]


def keys(number):
    """The keys in a place's database, as text, by a client of nobody's corner."""
    import redis

    from workbook import brokers

    address = brokers.address("redis")
    with redis.Redis(host=address["host"], port=address["port"], db=number) as client:
        return [key.decode() for key in client.keys()]


def queues(corner, number):
    try:
        return [queue["name"] for queue in corner.manage("GET", f"queues/wb-{number}")]
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return []  # there is no such vhost
        raise


def left(watching, number, sign):
    """What is left of what `FILL` put into a place, which bears its `sign`, whoever has the number by now.

    A place that nobody has is empty altogether. Somebody else's things, in the same database or vhost, are not ours.
    """
    found = {
        "topics": [name for name in topics(watching, number) if sign in name],
        "groups": [name for name in groups(watching, number) if sign in name],
        "queues": [name for name in queues(watching, number) if sign in name],
        "keys": [key for key in keys(number) if sign in key],
    }
    # Asked before and after: who came and went meanwhile has had a vhost and keys of its own.
    if number not in places_in_use():
        more = {"vhosts": [name for name in vhosts(watching) if name == f"wb-{number}"], "all keys": keys(number)}
        found |= more if number not in places_in_use() else {}
    return {what: there for what, there in found.items() if there}


FILL = '''
import kafka
corner.redis.set(f"order {sign}", "ann")
corner.connect().channel().queue_declare(f"orders-{sign}", durable=True)
topic = corner.topic(f"orders-{sign}", partitions=2)
consumer = kafka.KafkaConsumer(
    bootstrap_servers=corner.bootstrap, group_id=corner.name(f"readers-{sign}"), enable_auto_commit=False
)
partition = kafka.TopicPartition(topic, 0)
consumer.assign([partition])
consumer.commit({partition: kafka.structs.OffsetAndMetadata(0, "", -1)})
consumer.close()
'''


def test_a_closed_corner_leaves_nothing_behind():
    with Corner(ALL) as watching:
        corner = Corner(ALL)
        number = corner.lease.number
        sign = a_sign()
        exec(FILL, {"corner": corner, "sign": sign})
        assert len(topics(watching, number)) == len(groups(watching, number)) == 1
        assert f"wb-{number}" in vhosts(watching) and corner.redis.dbsize() == 1 and corner.folder.exists()
        worker = corner.worker(answers.load("def for_ever():\n    while True:\n        pass\n")["for_ever"])
        # It is ours still, a number that somebody has: what is in it is found all the same.
        assert set(left(watching, number, sign)) == {"topics", "groups", "queues", "keys"}
        corner.close()
        assert not running(worker.pid)
        assert until(lambda: not left(watching, number, sign)), left(watching, number, sign)
        assert not corner.folder.exists() or number in places_in_use()
        corner.close()  # does nothing


def test_what_is_left_is_found_where_somebody_else_has_the_number():
    """As after a corner whose emptying was forgotten, and whose number another process has taken at once."""
    sign = a_sign()
    with Corner(("redis",)) as another, Corner(ALL) as watching:
        another.redis.set(f"order {sign}", "ann")
        number = another.lease.number
        assert number in places_in_use()
        assert left(watching, number, sign) == {"keys": [f"order {sign}"]}
        assert left(watching, number, a_sign()) == {}, "what the other one has there is not ours"


def test_two_processes_get_different_corners():
    code = 'from workbook.lab import Corner\ncorner = Corner(("redis",))\nprint(corner.lease.number)\ninput()\n'
    with Program(code) as first, Program(code) as second:
        numbers = {int(first.line()), int(second.line())}
        with Corner(("redis",)) as mine:
            assert len(numbers | {mine.lease.number}) == 3
        second.say("end")
        assert second.end()[0] == 0


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_a_dead_corner_is_collected_by_the_next(ending):
    sign = a_sign()
    code = f'from workbook.lab import Corner\nsign = {sign!r}\ncorner = Corner({ALL})\n{FILL}\nprint(corner.lease.number)\ninput()\n'
    with Program(code) as program:
        number = int(program.line())
        with Corner(ALL) as watching:
            assert topics(watching, number) and f"wb-{number}" in vhosts(watching)
        program.process.send_signal(ending)
        program.process.wait(10)
    # Whoever takes its place, it need not be us: hold places until we have had that one, or somebody else has it.
    taken = []
    try:
        while not taken or taken[-1].lease.number < number:
            taken.append(Corner(("redis",)))
        watching = Corner(ALL)
        taken.append(watching)
        assert until(lambda: not left(watching, number, sign)), left(watching, number, sign)
        if taken[-2].lease.number == number:
            assert taken[-2].redis.dbsize() == 0
            assert f"wb-{number}" not in vhosts(watching)
            assert until(lambda: groups(watching, number) == [])
    finally:
        for corner in taken:
            corner.close()


def test_an_interrupted_notebook_empties_its_corner_when_it_ends():
    sign = a_sign()
    code = f'from workbook.lab import Corner\nsign = {sign!r}\ncorner = Corner({ALL})\n{FILL}\nprint(corner.lease.number)\ninput()\n'
    with Program(code) as program:
        number = int(program.line())
        os.killpg(program.process.pid, signal.SIGINT)
        status, _, complained = program.end()
        assert "KeyboardInterrupt" in complained
    with Corner(ALL) as watching:
        assert until(lambda: not left(watching, number, sign)), left(watching, number, sign)


def test_names_are_never_given_twice():
    with Corner(("redis",)) as corner:
        names = [corner.name("orders"), corner.name("orders"), corner.name("mails")]
        corner.fresh()
        names += [corner.name("orders")]
        number = corner.lease.number
    assert len(set(names)) == 4 and all(name.startswith(f"wb-{number}-") for name in names)
    with Corner(("redis",)) as corner:
        assert corner.name("orders") not in names


def test_a_number_survives_whatever_its_file_says(tmp_path, monkeypatch):
    monkeypatch.setattr(lab, "STATE", tmp_path)
    lease = Lease()
    assert (lease.number, lease.next_turn(("kafka",)), lease.next_turn(("redis",))) == (1, 1, 2)
    other = Lease()
    assert (other.number, other.left) == (2, [])
    lease._file.close()  # as when the process dies
    again = Lease()
    assert (again.number, again.left, again.next_turn()) == (1, ["redis"], 3)
    again.left = []
    again.release()
    assert Lease().left == []


def test_all_places_taken(tmp_path, monkeypatch):
    monkeypatch.setattr(lab, "STATE", tmp_path)
    monkeypatch.setattr(lab, "PLACES", 3)
    held = [Lease(), Lease()]
    with pytest.raises(Trouble, match="all 2 corners are taken by running notebooks; shut down kernels"):
        Lease()
    held[0].release()
    assert Lease().number == 1


def test_a_corner_that_cannot_be_opened_keeps_no_place(tmp_path, monkeypatch):
    monkeypatch.setattr(lab, "STATE", tmp_path / "state")
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "corners").write_text("not a folder")
    # Of no broker: by these files the place 1 is free, and on the shared Redis its database may be a notebook's.
    with pytest.raises(OSError):
        Corner(())
    assert Lease().number == 1


def test_opening_a_lab_again_empties_it():
    opened = open_lab("15")
    opened.redis.set("order 1", "ann")
    name = opened.name("orders")
    predictions.happened("15.p1", 0)
    again = open_lab("15")
    assert "15.p1" not in predictions._known, "from the top it can be predicted again"
    assert again is opened and again.redis.dbsize() == 0
    assert again.name("orders") != name
    with pytest.raises(Trouble, match="there is no lab 98; the labs are"):
        open_lab("98")
    opened.close()


# A kernel that is interrupted in the middle of a check

INTERRUPTED = '''
import multiprocessing.forkserver, os, signal, threading, time
from workbook import exercises
from workbook.builder import answers

endless = answers.load("def take(r, worker, timeout=1):\\n    while True:\\n        r.lpush('seen', 'x')\\n")["take"]
right = answers.load("def take(r, worker, timeout=1):\\n    held = r.lindex(f'processing:{worker}', -1)\\n"
                     "    return held or r.blmove('jobs', f'processing:{worker}', timeout, 'RIGHT', 'LEFT')\\n")["take"]
number = 0
for number in range(6):
    timer = threading.Timer(0.02 + 0.09 * number, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        exercises.verdict_of("15.1", endless)
        raise SystemExit("the check was not interrupted")
    except KeyboardInterrupt:
        timer.join()
print(exercises.verdict_of("15.1", right).text)
'''


def test_a_check_that_was_interrupted_can_be_run_again():
    with Program(INTERRUPTED) as program:
        status, said, complained = program.end(120)
    assert (status, complained) == (0, "")
    assert said.startswith("15.1 take · PASS"), said


def test_an_answer_with_a_global_client_is_told_so(brokers):
    cell = answers.load(
        "import redis\nr = redis.Redis()\ndef take(r2, worker, timeout=1):\n    return r.rpop('jobs')\n"
    )
    verdict = exercises.verdict_of("15.1", cell["take"])
    assert verdict.word == "WRONG"
    assert "take the client or connection as an argument" in verdict.text
    assert "Traceback" not in verdict.text
