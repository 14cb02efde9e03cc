"""The anomaly finders against random histories: a verdict, no traceback, equal to an oracle."""

import itertools
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from workbook.anomalies import (
    MEANINGS,
    Anomaly,
    Ledger,
    find_anomalies,
    find_changed,
    find_differences,
    find_half_built,
    find_leaked,
    find_misrouted,
    find_overtaken,
    find_renamed,
    find_reordered,
    find_repeated_effects,
    find_robbed,
    find_stale,
    find_starved,
    find_stuck,
    find_untruthful,
    witness,
)

IDS = st.sampled_from([f"order {n}" for n in range(1, 8)])
PLACES = ["done", "waiting", "in flight", "retry", "scheduled", "dead", "dropped"]


@st.composite
def ledgers(draw):
    """A system in any state: correct ones are likely enough, since most ids are found where they belong."""
    accepted, refused, unknown = (draw(st.lists(IDS, max_size=6)) for _ in range(3))
    found = {
        place: draw(st.lists(IDS, max_size=2))
        for place in draw(st.lists(st.sampled_from(PLACES), unique=True, max_size=4))
    }
    if draw(st.booleans()):
        found["done"] = sorted(set(accepted))
    return Ledger(accepted, refused, unknown, found)


def oracle(ledger):
    """The law, once more, in another way: by counting each id that occurs anywhere."""
    everything = [
        *ledger.accepted,
        *ledger.refused,
        *ledger.unknown,
        *itertools.chain(*ledger.found.values()),
    ]
    lost, phantom, duplicated = [], [], []
    for id in everything:
        copies = sum(list(things).count(id) for things in ledger.found.values())
        if copies == 0 and id in ledger.accepted:
            lost.append(id)
        if copies > 0 and id not in ledger.accepted and id not in ledger.unknown:
            phantom.append(id)
        if copies > 1:
            duplicated.append(id)
    expected = [("lost", lost), ("phantom", phantom), ("duplicated", duplicated)]
    return [(name, tuple(sorted(set(ids)))) for name, ids in expected if ids]


def seen(anomalies):
    return [(anomaly.name, anomaly.ids) for anomaly in anomalies]


# The law


@settings(max_examples=500)
@given(ledgers())
def test_the_law_equals_the_oracle(ledger):
    found = find_anomalies(ledger)
    assert seen(found) == oracle(ledger)
    for anomaly in found:
        assert anomaly.count == len(anomaly.ids) <= anomaly.of
        assert anomaly.ids[0] in anomaly.witness[0]
        assert anomaly.line().startswith(f"{anomaly.name}: {anomaly.count} of {anomaly.of} job")


@given(ledgers(), st.randoms())
def test_the_order_of_what_was_handed_over_and_found_does_not_matter(ledger, random):
    shuffled = {place: random.sample(things, len(things)) for place, things in ledger.found.items()}
    mixed = Ledger(
        *(random.sample(ids, len(ids)) for ids in (ledger.accepted, ledger.refused, ledger.unknown)), shuffled
    )
    assert find_anomalies(ledger) == find_anomalies(mixed)


@given(ledgers())
def test_an_id_is_the_same_as_text_as_bytes_and_through_a_generator(ledger):
    as_bytes = {place: (id.encode() for id in things) for place, things in ledger.found.items()}
    assert find_anomalies(
        Ledger(iter(ledger.accepted), ledger.refused, ledger.unknown, as_bytes)
    ) == find_anomalies(ledger)


@given(st.sets(IDS), st.sets(IDS), st.data())
def test_what_keeps_the_law_is_clean(accepted, unknown, data):
    """accepted ⊆ found ⊆ accepted ∪ unknown, each id once, in whatever place."""
    there = accepted | data.draw(st.sets(st.sampled_from(sorted(unknown))) if unknown else st.just(set()))
    found = {place: [] for place in PLACES}
    for id in there:
        found[data.draw(st.sampled_from(PLACES))].append(id)
    assert find_anomalies(Ledger(accepted, set(), unknown, found)) == []


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.binary(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=3)
    ),
    max_leaves=8,
)
RECORD = st.fixed_dictionaries(
    {},
    optional={
        "at": st.integers(0, 9) | ANYTHING,
        "who": st.sampled_from(["worker 1", "worker 2"]) | ANYTHING,
        "what": st.sampled_from(["BLMOVE", "LREM", "charge"]) | ANYTHING,
        "phase": st.sampled_from(["start", "end", "fault", "note"]) | ANYTHING,
        "id": IDS | ANYTHING,
        "note": st.sampled_from(["killed before its LREM", "raised TimeoutError"]) | ANYTHING,
    },
)


class Spiteful:
    """An answer may leave objects behind whose text cannot even be asked for."""

    def __str__(self):
        raise RuntimeError("no")

    def __eq__(self, other):
        raise RuntimeError("no")

    __hash__ = object.__hash__


@settings(max_examples=300)
@given(ANYTHING, ANYTHING, ANYTHING, ANYTHING, st.lists(RECORD, max_size=8) | ANYTHING)
@example(
    Spiteful(),
    [Spiteful()],
    {1: Spiteful()},
    {"done": [Spiteful()], "dropped": {Spiteful(): Spiteful()}},
    [Spiteful()],
)
@example("order 7", b"order 7", 7, {"done": None, None: 7.0}, None)
def test_whatever_is_left_behind_gets_a_verdict(one, two, three, found, records):
    for anomaly in find_anomalies(Ledger(one, two, three, found), records=records):
        check_form(anomaly)
    finders = [
        *(find_stuck(found, one), find_robbed(found, one), find_leaked(found), find_reordered(found)),
        *(find_reordered(found, one), find_stale(found, one), find_untruthful(found, one)),
        *(find_untruthful(found, one, two), *find_differences(found, one), *find_half_built(one, two)),
        *find_misrouted(found, two),
    ]
    for anomaly in filter(None, finders):
        check_form(anomaly)
    assert isinstance(witness(records, one), tuple)


def check_form(anomaly):
    assert anomaly.name in MEANINGS
    assert anomaly.count == len(anomaly.ids) > 0
    assert anomaly.witness and all(isinstance(line, str) for line in anomaly.witness)
    assert isinstance(anomaly.line(), str)


def test_one_id_instead_of_a_list_is_one_id():
    assert seen(find_anomalies(Ledger(accepted="order 7"))) == [("lost", ("order 7",))]


def test_dropped_counts_only_with_a_reason():
    ledger = Ledger(
        accepted=["order 7", "order 8"], found={"dropped": {"order 7": "older than an hour", "order 8": ""}}
    )
    assert seen(find_anomalies(ledger)) == [("lost", ("order 8",))]


def test_a_refused_job_that_was_accepted_later_is_no_phantom():
    assert (
        find_anomalies(Ledger(accepted=["order 7"], refused=["order 7"], found={"done": ["order 7"]})) == []
    )


def test_the_witness_says_where_an_id_is():
    ledger = Ledger(
        ["order 3"],
        ["order 9"],
        [],
        {"done": ["order 3", "order 10"], "waiting": ["order 3", "order 3", "order 9"]},
    )
    phantom, duplicated = find_anomalies(ledger)
    assert phantom.ids == ("order 9", "order 10")  # the shortest first
    assert phantom.witness == ("order 9 was refused, and is in waiting",)
    assert duplicated.witness == ("order 3 is in done and twice in waiting",)
    (phantom,) = find_anomalies(Ledger(found={"dead": [4]}))
    assert phantom.witness == ("4 was never handed over, and is in dead",)


def test_a_line_reads_like_a_sentence():
    assert Anomaly("lost", 1, 20, ("order 7",)).line() == "lost: 1 of 20 jobs: order 7"
    assert (
        Anomaly("lost", 5, 9, ("1", "2", "3", "4", "5"), (), "entry").line()
        == "lost: 5 of 9 entries: 1, 2, 3 and 2 more"
    )
    assert Anomaly("leaked", 1, None, ("lease:7",), (), "entry").line() == "leaked: 1 entry: lease:7"
    assert Anomaly("stale", 1, 1, ("ada",), (), "row").line() == "stale: 1 of 1 row: ada"


def test_an_anomaly_has_a_name_from_the_vocabulary():
    with pytest.raises(ValueError, match="no anomaly with a name"):
        Anomaly("gone", 1, 1, ("order 7",))


# Order


@given(st.dictionaries(IDS, st.lists(st.integers(0, 12), max_size=7), max_size=3))
def test_reordered_equals_the_oracle(seen_by_key):
    """Brute force over all pairs: an entry is out of order if any earlier one of its key is larger."""
    expected = {
        str(later)
        for things in seen_by_key.values()
        for earlier, later in itertools.combinations(things, 2)
        if earlier > later
    }
    found = find_reordered(seen_by_key)
    assert set(found.ids if found else ()) == expected


@given(st.permutations(list("abcde")), st.lists(st.sampled_from("abcdefg"), max_size=7))
def test_reordered_against_the_order_of_handing_over(sent, done):
    expected = {
        later
        for earlier, later in itertools.combinations(done, 2)
        if earlier in sent and later in sent and sent.index(earlier) > sent.index(later)
    }
    found = find_reordered({"key": done}, {b"key": sent})
    assert set(found.ids if found else ()) == expected


def test_numbers_in_texts_are_compared_as_numbers():
    assert find_reordered({"": ["order 9", "order 10", "order 0010", b"order 11", "order 11b"]}) is None
    assert find_reordered({"": [1.25, "1.5", 2, b"10"]}) is None
    assert find_reordered({"order 1": [1, 2, 4, 3]}).witness == ("order 1: 3 came after 4",)


@given(st.lists(st.tuples(st.sampled_from(["begin", "end"]), st.sampled_from("abc")), max_size=9))
def test_overtaken_equals_the_oracle(steps):
    """Brute force: replay the steps, and look at what had ended when each one began for the first time."""
    expected, ended, begun = set(), set(), set()
    for what, id in steps:
        ahead = {"b": "a", "c": "b"}.get(id)
        if what == "begin" and id not in begun and ahead and ahead not in ended:
            expected.add(ahead)
        (begun if what == "begin" else ended).add(id)
    found = find_overtaken(steps, "a b c".split())
    assert set(found.ids if found else ()) == expected


def test_overtaken_says_how_far_the_one_ahead_was():
    steps = [("begin", "A"), ("begin", "B"), ("end", "A"), ("begin", "D")]
    found = find_overtaken(steps, ["A", "B", "C", "D"])
    assert found.line() == "overtaken: 2 of 4 jobs: A, C"
    assert found.witness == ("B began before A had ended",)
    assert find_overtaken([("begin", "B")], ["A", "B"]).witness == ("B began before A had begun",)


@given(st.lists(st.integers(0, 5), max_size=6), st.none() | st.integers(0, 5))
def test_stale_equals_the_oracle(shown, latest):
    falls = any(later < earlier for earlier, later in zip(shown, shown[1:]))
    behind = latest is not None and shown != [] and shown[-1] < latest
    found = find_stale({"ada": shown}, None if latest is None else {"ada": latest})
    assert bool(found) == (falls or behind)


# Effects, outcomes, workers, projections


@given(st.lists(st.tuples(st.sampled_from(["charge", "mail"]), IDS), max_size=8))
def test_repeated_effects_equal_the_oracle(effects):
    expected = {f"{what} {id}" for what, id in effects if effects.count((what, id)) > 1}
    entries = [{"what": what, "order": id, "at": number} for number, (what, id) in enumerate(effects)]
    found = find_repeated_effects(entries, ("what", "order"))
    assert set(found.ids if found else ()) == expected
    assert find_repeated_effects(entries, lambda effect: f"{effect['what']} {effect['order']}") == found
    assert find_repeated_effects(entries, "at") is None


WORDS = ["published", "unroutable", "refused", "unknown"]


@given(
    st.dictionaries(IDS, st.sampled_from(WORDS)),
    st.sets(IDS),
    st.none() | st.dictionaries(IDS, st.sampled_from(WORDS)),
)
def test_untruthful_equals_the_oracle(told, found, truth):
    expected = set()
    for id, word in told.items():
        if (word == "published" and id not in found) or (word in ("refused", "unroutable") and id in found):
            expected.add(id)
        if truth and id in truth and truth[id] != word:
            expected.add(id)
    anomaly = find_untruthful(told, found, truth)
    assert set(anomaly.ids if anomaly else ()) == expected


def test_untruthful_says_what_was_reported_and_what_was_true():
    told = {"m1": "published", "m2": "unroutable", "m3": "unknown", "m4": "unknown"}
    anomaly = find_untruthful(told, ["m2", "m4"], {"m3": ["refused"], "m4": ["unknown", "published"]})
    assert anomaly.line() == "untruthful: 3 of 4 messages: m1, m2, m3"
    assert find_untruthful({"m3": "unknown"}, [], {"m3": "refused"}).witness == (
        "m3: reported unknown, and it was refused",
    )


def test_a_copy_under_a_new_name_is_a_duplicate_and_one_under_its_own_is_not():
    assert find_renamed([("order 7", "m1"), ("order 7", b"m1"), ("order 8", "m2")]) is None
    anomaly = find_renamed([("order 7", "m1"), ("order 7", "m3")])
    assert anomaly.line() == "duplicated: 1 of 1 message: order 7"


WORKERS = st.sampled_from(["worker 1", "worker 2", "worker 3"])


@given(st.dictionaries(WORKERS, st.lists(IDS, unique=True, max_size=3)), st.sets(WORKERS))
def test_stuck_equals_the_oracle(held, alive):
    found = find_stuck(held, alive)
    assert set(found.ids if found else ()) == {
        id for who, ids in held.items() if who not in alive for id in ids
    }


@given(st.lists(IDS, max_size=4), st.lists(IDS, max_size=4))
def test_starved_equals_the_oracle(ready, taken):
    anomaly = find_starved(ready, taken)
    assert set(anomaly.ids if anomaly else ()) == {id for id in ready if taken and id not in taken}


def test_starved_says_how_many_were_taken_instead():
    anomaly = find_starved([b"report-1", "report-2"], ["receipt-1", "receipt-2", "report-2"])
    assert anomaly.line() == "starved: 1 of 2 jobs: report-1"
    assert anomaly.witness == ("report-1 waited all the time, and 3 other jobs were taken",)
    assert find_starved(["report-1"], [], why=["nobody looks"]).witness == ("nobody looks",)


ARGUMENTS = st.dictionaries(IDS, st.sampled_from(["{}", '{"order": 7}', '{"order": "7"}']))


@given(ARGUMENTS, ARGUMENTS)
def test_changed_equals_the_oracle(given, found):
    anomaly = find_changed(given, found)
    assert set(anomaly.ids if anomaly else ()) == {id for id in found if id in given and given[id] != found[id]}


@given(st.dictionaries(IDS, st.sets(IDS)), st.dictionaries(IDS, st.lists(IDS, max_size=4)))
def test_misrouted_equals_the_oracle(needed, got):
    due = {f"{id} for {place}" for place, ids in needed.items() for id in ids}
    there = [f"{id} for {place}" for place, ids in got.items() for id in ids]
    wanted = {
        "lost": due - set(there),
        "unwanted": set(there) - due,
        "duplicated": {pair for pair in due if there.count(pair) > 1},
    }
    found = {anomaly.name: set(anomaly.ids) for anomaly in find_misrouted(needed, got)}
    assert found == {name: pairs for name, pairs in wanted.items() if pairs}


def test_misrouted_tells_the_queue_and_why():
    needed, got = {"mail": ["a.b"], "stock": []}, {"stock": ["a.b", "a.b"]}
    lost, unwanted = find_misrouted(needed, got, why=lambda place, id: [f"ask {place} about {id}"])
    assert lost.line() == "lost: 1 of 1 copy: a.b for mail"
    assert lost.witness == ("mail needs a.b, and has not got it", "ask mail about a.b")
    assert unwanted.line() == "unwanted: 1 of 1 copy: a.b for stock"
    assert unwanted.witness[0] == "stock has a.b, and no need of it"
    (twice,) = find_misrouted({"mail": ["a.b"]}, {"mail": ["a.b", "a.b"]})
    assert (twice.name, twice.witness) == ("duplicated", ("a.b is twice in mail",))


def test_changed_says_what_it_was_and_what_it_is():
    anomaly = find_changed({"mail-7": {7: 2}, "mail-8": {}}, {b"mail-7": {"7": 2}, "mail-8": {}})
    assert anomaly.line() == "changed: 1 of 2 jobs: mail-7"
    assert anomaly.witness == ("mail-7 was handed over with {7: 2}", "the worker reads {'7': 2}")


@given(*[st.dictionaries(WORKERS, st.lists(IDS, max_size=3)) for _ in range(2)])
def test_robbed_equals_the_oracle(entitled, held):
    owners = {
        id: who for who, ids in entitled.items() for id in ids
    }  # two owners of one job: the last one counts
    found = find_robbed(entitled, held)
    assert set(found.ids if found else ()) == {
        id for id, who in owners.items() if id not in held.get(who, [])
    }


def test_what_workers_hold_is_told():
    assert find_stuck({"worker 1": ["order 7"], "worker 2": ["order 8"]}, ["worker 2"]).witness == (
        "order 7 is held by worker 1, and nobody else can get it",
    )
    assert find_robbed({"worker 1": ["order 7"]}, {"worker 2": ["order 7"]}).witness == (
        "worker 1 still had order 7, and it was taken away",
    )
    assert find_leaked({"leases": [b"order 7"], "owners": []}).line() == "leaked: 1 entry: order 7"
    assert find_leaked({"leases": [], "owners": []}) is None


@given(*[st.dictionaries(IDS, st.integers(0, 2)) for _ in range(2)])
def test_differences_equal_the_oracle(shown, fold):
    expected = {"missing": set(), "extra": set(), "wrong": set()}
    for id in {*shown, *fold}:
        if id not in shown:
            expected["missing"].add(id)
        elif id not in fold:
            expected["extra"].add(id)
        elif shown[id] != fold[id]:
            expected["wrong"].add(id)
    found = find_differences(shown, fold)
    assert {anomaly.name: set(anomaly.ids) for anomaly in found} == {
        name: ids for name, ids in expected.items() if ids
    }
    assert (found == []) == (shown == fold)


def test_readers_may_see_the_old_or_the_new_projection_and_never_turn_back():
    old, new = {"ada": 1}, {"ada": 2, "bob": 1}
    assert find_half_built([old, old, new, new], [old, new]) == []
    half, stale = find_half_built([old, {}, new, old], [old, new])
    assert (half.line(), half.witness[0]) == (
        "half-built: 1 of 4 reads: 2",
        "look 2 saw {}: neither the old projection nor the new one",
    )
    assert stale.line() == "stale: 1 of 4 reads: 4"
    assert find_half_built([old, new, old, new], [old, new, old, new]) == []  # the same state, complete twice
    assert seen(find_half_built([new, old, new, old], [old, new, old])) == [("stale", ("3",))]


# Witnesses


def tape(*steps):
    """A history by hand: (who, what, phase, id, note), the last two optional."""
    names = ("who", "what", "phase", "id", "note")
    return [
        {"at": at, **{k: v for k, v in zip(names, step) if v is not None}} for at, step in enumerate(steps)
    ]


KILLED = tape(
    ("worker 1", "BLMOVE", "end", "order 6"),
    ("worker 2", "BLMOVE", "start"),
    ("worker 2", "BLMOVE", "end", "order 7"),
    ("worker 1", "LREM", "start", "order 6"),
    ("worker 1", "LREM", "end", "order 6"),
    ("worker 2", "LREM", "fault", None, "killed before its LREM"),
    ("worker 1", "BLMOVE", "fault", None, "killed before its 2nd BLMOVE"),
)


def test_a_lost_job_has_its_story():
    ledger = Ledger(["order 6", "order 7"], found={"done": ["order 6"]})
    (lost,) = find_anomalies(ledger, records=KILLED)
    assert lost.line() == "lost: 1 of 2 jobs: order 7"
    assert lost.witness == (
        "worker 2 took it with BLMOVE, was killed before its LREM, and nobody has had it since",
    )


def test_a_fault_that_came_after_the_job_was_let_go_is_not_part_of_its_story():
    assert witness(KILLED, "order 6") == ("worker 1 took it with BLMOVE, removed it with LREM",)


def test_what_is_not_in_the_history_has_no_story():
    assert witness(KILLED, "order 9") == ()
    assert witness(None, "order 9") == ()


def test_a_missing_end_is_told_as_unknown():
    records = tape(("worker 1", "charge", "start", 7), ("worker 1", "charge", "fault", None, "killed"))
    assert witness(records, "7") == (
        "worker 1 began charge, and whether it happened is unknown, was killed, and nobody has had it since",
    )


def test_somebody_else_who_takes_over_gets_a_line():
    records = tape(
        ("worker 1", "BLMOVE", "end", b"order 7"),
        ("worker 1", "charge", "fault", None, "frozen before its charge"),
        ("worker 2", "LMOVE", "end", "order 7"),
        ("worker 2", "charge", "start", "order 7"),
        ("worker 2", "charge", "end", "order 7"),
        ("worker 1", "resumed", "note", "order 7", "went on"),
        ("worker 1", "charge", "end", "order 7"),
        ("worker 1", "LREM", "end", "order 7", "raised TimeoutError"),
    )
    assert witness(records, "order 7") == (
        "worker 1 took it with BLMOVE, was frozen before its charge",
        "worker 2 took it with LMOVE, did charge",
        "worker 1 went on, did charge, tried LREM, which raised TimeoutError",
    )
    assert witness(reversed(records), "order 7") == witness(records, "order 7")


def test_a_long_story_is_cut_in_the_middle():
    records = tape(*[(f"worker {n % 2}", "LMOVE", "end", "order 7") for n in range(10)])
    assert witness(records, "order 7", limit=3) == (
        "worker 0 took it with LMOVE",
        "… 8 more …",
        "worker 1 took it with LMOVE",
    )
    assert len(witness(records, "order 7")) == 4


def test_the_history_may_know_the_job_by_its_payload():
    records = tape(("worker 1", "basic.ack", "end", '{"order": 7}'))
    assert witness(records, "order 7") == ()
    assert witness(records, "order 7", also=['{"order": 7}']) == ("worker 1 acknowledged it with basic.ack",)


@given(st.lists(RECORD, max_size=12), IDS, st.integers(1, 6))
def test_a_witness_is_short_and_never_judges(records, id, limit):
    lines = witness(records, id, limit)
    assert len(lines) <= max(limit, 2)
    assert not re.search("lost|duplicated|wrong", " ".join(lines))


@given(st.lists(RECORD, max_size=8), ledgers())
def test_the_history_changes_witnesses_and_never_the_judgement(records, ledger):
    """Same anomalies, same counts, same ids, whatever the history says."""
    with_history, without = find_anomalies(ledger, records=records), find_anomalies(ledger)
    assert [(a.name, a.count, a.of, a.ids) for a in with_history] == [
        (a.name, a.count, a.of, a.ids) for a in without
    ]


def test_every_name_has_a_meaning_in_words():
    assert all(
        re.fullmatch(r"[a-z-]+", name) and len(meaning.split()) > 3 for name, meaning in MEANINGS.items()
    )
