"""The benchmarks measure, compare and tell: their mechanics with tiny runs. No test asserts how fast anything is."""

import json

import pytest

import benchmarks
from benchmarks import Row, history, keep, pairs, suite, table, workers
from workbook import lab
from workbook.lab import Lease, places_in_use
from workbook.trouble import Trouble


def test_pairs_are_interleaved():
    order = []
    ours, theirs = pairs(lambda: order.append("ours") or len(order), lambda: order.append("theirs") or len(order), 3)
    assert order == ["ours", "theirs", "theirs", "ours", "ours", "theirs"]
    assert (ours, theirs) == ([1, 4, 5], [2, 3, 6])


def test_a_row_shows_medians_the_ratio_of_pairs_and_its_limit():
    row = Row("start", "ms", [10.0, 12.0, 200.0], "a bare one", [5.0, 6.0, 50.0], 20)
    assert row.cells() == ["start", "12.0 ms", "6.00 ms", "2.00", "3", "≤ 20: yes", "a bare one"]
    assert Row("verdict", "s", [1.0, 6.0], limit=5, each=True, note="at most 6 s").cells() == [
        "verdict", "3.50 s", "", "", "2", "each ≤ 5: NO", "at most 6 s"
    ]


def test_the_table_is_aligned_and_kept(tmp_path):
    rows = [Row("start", "ms", [10.0], "a bare one", [5.0], 20), Row("a verdict of an exercise", "s", [0.5])]
    lines = table(rows)
    assert len(lines) == 4 and lines[0].split() == "what median peer ratio runs limit peer is; remarks".split()
    assert lines[2].index("10.0 ms") + len("10.0 ms") == lines[3].index("0.50 s") + len("0.50 s")
    keep({"cores": 2}, rows, tmp_path / "bench.json")
    kept = json.loads((tmp_path / "bench.json").read_text("utf-8"))
    assert kept["machine"] == {"cores": 2}
    assert [(row["what"], row["samples"], row["median"], row["ratio"]) for row in kept["rows"]] == [
        ("start", [10.0], 10.0, 2.0), ("a verdict of an exercise", [0.5], 0.5, None)
    ]


@pytest.mark.parametrize("module", [history, workers])
def test_what_needs_no_broker_measures_both_sides(module):
    rows = list(module.measure(quick=True))
    assert rows and all(min(row.samples) > 0 and min(row.peers) > 0 and row.beside for row in rows)


def test_the_queue_of_lab_15_does_the_same_work_on_every_side(shared_brokers):
    from benchmarks import jobs

    rows = list(jobs.measure(quick=True))
    assert [row.unit for row in rows] == ["jobs/s"] * 3
    assert all(min(row.samples) > 0 and len(row.samples) == len(row.peers) for row in rows)


def test_the_learners_queue_does_every_job_that_the_frameworks_do(shared_brokers):
    from benchmarks import peers

    with lab.Corner(("redis",)) as corner:
        at = corner.redis_at
        ours = peers.Framework("ours", f"redis://{at['host']}:{at['port']}/{at['db']}")
        for workers in (1, 2):
            enqueued, done = peers.drained(corner.redis, ours, 20, workers)
            assert enqueued > 0 and done > 0 and corner.redis.llen("jobs") == 0
        with ours.workers(1):
            assert len(ours.latency(3)) == 3


def test_the_suites_time_is_the_recorded_one(tmp_path, monkeypatch):
    monkeypatch.setattr(suite.paths, "STATE", tmp_path)
    with pytest.raises(Trouble, match="the suite has not run here yet: run `python3 -m workbook test` first"):
        list(suite.measure(quick=True))
    (tmp_path / "timings.json").write_text(json.dumps({
        "test": {"seconds": 400.5, "tests": 500, "when": "2026-01-02 03:04", "notebooks": {"labs/15": 12.0, "labs/24": 50.0}}
    }))
    whole, notebooks = suite.measure(quick=True)
    assert whole.cells()[:2] == ["test", "400 s"] and whole.note == "500 tests, 2026-01-02 03:04"
    assert notebooks.cells()[5] == "each ≤ 45: NO"


def test_brokers_in_use_are_not_stopped(shared_brokers):
    from benchmarks import up

    lease = Lease()
    try:
        with pytest.raises(Trouble, match="running notebooks or tests use the brokers, which this would stop: end them first"):
            list(up.measure(quick=True))
    finally:
        lease.release()


def test_places_in_use(tmp_path, monkeypatch):
    monkeypatch.setattr(lab, "STATE", tmp_path)
    held = [Lease(), Lease()]
    held[0].release()
    assert places_in_use() == [2]
    held[1].release()
    assert places_in_use() == []


def test_an_unknown_benchmark_is_told_with_those_that_exist(shared_brokers):
    with pytest.raises(Trouble, match="there is no benchmark 'speed': there are up, verdicts"):
        benchmarks.main(["speed"])


def test_every_way_of_publishing_puts_every_message_there_and_consuming_takes_it(shared_brokers):
    from benchmarks import messages

    with lab.Corner(("rabbitmq",)) as corner:
        parameters = corner.amqp()
        with corner.connect() as connection:
            ch = connection.channel()
            for publish in (messages.publish_unconfirmed, messages.publish_confirmed, messages.publish_windowed):
                messages.declare(ch, "bench")
                assert publish(parameters, "bench", 250) > 0
                assert ch.queue_declare("bench", passive=True).method.message_count == 250
            assert messages.consume_all(parameters, "bench", 250, prefetch=10) > 0
            assert ch.queue_declare("bench", passive=True).method.message_count == 0


def test_webhooks_reach_every_receiver_and_wait_for_the_slow_one(shared_brokers):
    from benchmarks import messages

    with lab.Corner(("rabbitmq",)) as corner:
        addresses = messages.receivers(corner, slow=True)
        assert len(set(addresses)) == 3
        assert messages.call_all(addresses) >= messages.SLOW * 1000
