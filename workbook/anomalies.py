"""The one law, and the anomalies that break it. Pure functions: no broker, no clock, nothing is changed.

Every unit of work has a unique id, and every hand-over of it ends in one of three ways:

    accepted    the call returned: the system has it now
    refused     the system said no
    unknown     the call raised in between (a time-out, a lost connection): it may have happened

When the system is quiet, each id is looked up in every place where work can be:

    found = done + waiting + in flight + retry + scheduled + dead + dropped with a reason

and the law is

    accepted ⊆ found ⊆ accepted ∪ unknown,  each id once.

What breaks it has a name: accepted and not found is *lost*, found and not handed over (or refused) is a
*phantom*, found twice is *duplicated*. The law judges an answer without knowing how it is built. The idea of
naming an anomaly and showing the steps that led to it comes from Jepsen's checkers.

An id that went through a broker comes back as bytes: 7, "7" and b"7" are the same id here.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

MEANINGS = {
    "lost": "accepted, and now nowhere",
    "phantom": "there, though it was refused or never handed over",
    "duplicated": "there, or done, more than once",
    "changed": "there, but not as it was handed over",
    "unwanted": "given to somebody who has no need of it",
    "untruthful": "reported otherwise than it was",
    "reordered": "done after one that came later, within one key",
    "overtaken": "begun before the one ahead of it had ended",
    "stuck": "held by somebody who will never finish it",
    "robbed": "taken from a worker that was still entitled to it",
    "starved": "ready all the time, and others were taken instead",
    "leaked": "left behind in the bookkeeping of work that is over",
    "stale": "an older version shown after a newer one",
    "missing": "in the log, and not in the projection",
    "extra": "in the projection, and not in the log",
    "wrong": "in the projection with another value than the log gives",
    "half-built": "seen in a state that was never complete",
}
"""The vocabulary: the name of every anomaly that a verdict can report, and what it means."""


@dataclass(frozen=True)
class Anomaly:
    """What was found: `count` units of `of` (None: no total), their `ids`, shortest first, and the witness.

    witness: a tuple of lines about the first id, as short as they can be.
    """

    name: str
    count: int
    of: int | None
    ids: tuple
    witness: tuple = ()
    noun: str = "job"

    def __post_init__(self):
        if self.name not in MEANINGS:
            raise ValueError(f"{self.name!r} is no anomaly with a name; known: {', '.join(MEANINGS)}")

    def line(self):
        """One line for the verdict: "lost: 1 of 20 jobs: order 7"."""
        if self.of is None:
            amount = f"{self.count} {_plural(self.noun, self.count)}"
        else:
            amount = f"{self.count} of {self.of} {_plural(self.noun, self.of)}"
        more = len(self.ids) - 3
        ids = ", ".join(self.ids[:3]) + (f" and {more} more" if more > 0 else "")
        return f"{self.name}: {amount}" + (f": {ids}" if ids else "")


@dataclass
class Ledger:
    """What was handed over, and what was found when all was quiet.

    accepted, refused, unknown: ids, by how their hand-over ended. found: place -> ids that are there now,
    each as often as it is there. The place "dropped" may map ids to reasons: an id without one was not
    dropped but lost.
    """

    accepted: Iterable = ()
    refused: Iterable = ()
    unknown: Iterable = ()
    found: Mapping = field(default_factory=dict)

    def __post_init__(self):
        # Collections are taken as they are now: a generator could be read only once.
        self.accepted, self.refused, self.unknown = map(_items, (self.accepted, self.refused, self.unknown))
        self.found = {
            place: dict(things) if isinstance(things, Mapping) else _items(things)
            for place, things in _pairs(self.found)
        }

    def places(self):
        """Each id that was found, with the places it was found in: {"order 7": ["done", "waiting"]}."""
        places = {}
        for place, things in _pairs(self.found):
            if place == "dropped" and isinstance(things, Mapping):
                things = [id for id, reason in things.items() if reason]
            for id in _ids(things):
                places.setdefault(id, []).append(as_text(place))
        return places


# --- the law


def find_anomalies(ledger, noun="job", records=()):
    """Every way in which the ledger breaks the law: a list of Anomaly, empty when it holds. Never raises.

    records: the history, for witnesses (see `witness`); without it a witness says where the ids are.
    """
    found = [
        find_lost(ledger, noun, records),
        find_phantoms(ledger, noun, records),
        find_duplicated(ledger, noun, records),
    ]
    return [anomaly for anomaly in found if anomaly]


def find_lost(ledger, noun="job", records=()):
    """Accepted, and in no place."""
    accepted = set(_ids(ledger.accepted))
    lost = accepted - ledger.places().keys()

    def story(id):
        return witness(records, id) or [f"{id} was accepted, and is in no place"]

    return _anomaly("lost", lost, accepted, noun, story)


def find_phantoms(ledger, noun="job", records=()):
    """In a place, though every hand-over of it was refused, or there was none."""
    refused, places = set(_ids(ledger.refused)), ledger.places()
    phantoms = places.keys() - set(_ids(ledger.accepted)) - set(_ids(ledger.unknown))

    def story(id):
        why = "was refused" if id in refused else "was never handed over"
        return [f"{id} {why}, and is {_in(places[id])}", *witness(records, id)]

    return _anomaly("phantom", phantoms, places, noun, story)


def find_duplicated(ledger, noun="job", records=()):
    """In more than one place, or more than once in one."""
    places = ledger.places()
    twice = {id for id, where in places.items() if len(where) > 1}

    def story(id):
        return [f"{id} is {_in(places[id])}", *witness(records, id)]

    return _anomaly("duplicated", twice, places, noun, story)


def find_changed(given, found, noun="job"):
    """There, and not as it was handed over. given, found: id -> what it was, and what it is now (with == for the same).

    An id that is not in `found` is not changed but lost, or refused.
    """
    given, found = ({as_text(id): thing for id, thing in _pairs(things)} for things in (given, found))
    changed = {id for id in given.keys() & found.keys() if not _same(given[id], found[id])}

    def story(id):
        return [f"{id} was handed over with {_brief(given[id])}", f"the worker reads {_brief(found[id])}"]

    return _anomaly("changed", changed, given, noun, story)


def find_misrouted(needed, got, noun="copy", why=None):
    """What each queue has beside what it needs: copies that are *lost*, *unwanted* or *duplicated*.

    needed, got: place -> ids, in `got` each as often as it is there. why: a function of place and id that gives more lines
    for the witness. Returns a list of Anomaly; an id is "order.placed for invoices".
    """
    needed, got = ({as_text(place): Counter(_ids(ids)) for place, ids in _pairs(places)} for places in (needed, got))
    pairs = {f"{id} for {place}": (place, id) for places in (needed, got) for place, ids in places.items() for id in ids}
    due = {pair for pair, (place, id) in pairs.items() if id in needed.get(place, ())}
    copies = {pair: got.get(place, {}).get(id, 0) for pair, (place, id) in pairs.items()}

    def story(pair):
        place, id = pairs[pair]
        if not copies[pair]:
            told = f"{place} needs {id}, and has not got it"
        elif pair not in due:
            told = f"{place} has {id}, and no need of it"
        else:
            told = f"{id} is {_in([place] * copies[pair])}"
        return [told, *(why(place, id) if why else ())]

    there = {pair for pair, count in copies.items() if count}
    found = [
        _anomaly("lost", due - there, due, noun, story),
        _anomaly("unwanted", there - due, there, noun, story),
        _anomaly("duplicated", {pair for pair in due if copies[pair] > 1}, there, noun, story),
    ]
    return [anomaly for anomaly in found if anomaly]


# --- the outside world


def find_repeated_effects(effects, once_per, noun="effect"):
    """Effects that happened more often than once per unit of work: a charge, a mail.

    effects: one entry each, as the outside world remembers them. once_per: what makes two of them the same: a
    function of an effect, or the name (or names) of a field of it.
    """
    times = Counter(_key(effect, once_per) for effect in effects or ())
    twice = {key for key, count in times.items() if count > 1}
    return _anomaly("duplicated", twice, times, noun, lambda key: [f"{key}: {times[key]} times"])


# --- telling the truth about an outcome

SAID_YES = {"accepted", "published", "sent", "confirmed"}
SAID_NO = {"refused", "unroutable", "returned", "rejected"}


def find_untruthful(told, found, truth=None, noun="message"):
    """Reports that do not agree with what is there: "published" and not found, "refused" or "unroutable" and
    found.

    told: id -> the word reported. found: the ids that are there. truth: id -> the word, or words, that would
    have been true, where that is known; with it, "unknown" for what was known is untruthful as well.
    """
    there, truth = set(_ids(found)), {as_text(id): _words(words) for id, words in _pairs(truth)}
    told = {as_text(id): as_text(word) for id, word in _pairs(told)}
    lies = {}
    for id, word in told.items():
        if word in SAID_YES and id not in there:
            lies[id] = f"{id}: reported {word}, and no queue has it"
        elif word in SAID_NO and id in there:
            lies[id] = f"{id}: reported {word}, and a queue has it"
        elif id in truth and word not in truth[id]:
            lies[id] = f"{id}: reported {word}, and it was {' or '.join(truth[id])}"
    return _anomaly("untruthful", lies, told, noun, lambda id: [lies[id]])


def find_renamed(copies, noun="message"):
    """The same work under more than one message id: no consumer can tell that the copies are one.

    copies: (work, message id) for each message that is there. Copies that share their id are no anomaly here:
    a consumer drops them.
    """
    names = {}
    for work, name in copies or ():
        names.setdefault(as_text(work), set()).add(as_text(name))
    renamed = {work for work, ids in names.items() if len(ids) > 1}

    def story(work):
        return [f"{work} is there under {len(names[work])} different message ids"]

    return _anomaly("duplicated", renamed, names, noun, story)


# --- workers and what they hold


def find_stuck(held, alive=(), noun="job", records=()):
    """Held by somebody who is gone, when whoever gives such work back has had its turn.

    held: holder -> ids. alive: the holders that can still finish what they hold.
    """
    alive = set(_ids(alive))
    holder = {id: as_text(who) for who, ids in _pairs(held) if as_text(who) not in alive for id in _ids(ids)}
    total = {id for _, ids in _pairs(held) for id in _ids(ids)}

    def story(id):
        return witness(records, id) or [f"{id} is held by {holder[id]}, and nobody else can get it"]

    return _anomaly("stuck", holder, total, noun, story)


def find_robbed(entitled, held, noun="job", records=()):
    """Taken from a worker that was alive and had renewed its lease.

    entitled: worker -> the ids it must still hold. held: worker -> the ids it holds now.
    """
    now = {as_text(who): set(_ids(ids)) for who, ids in _pairs(held)}
    owner = {id: as_text(who) for who, ids in _pairs(entitled) for id in _ids(ids)}
    robbed = {id for id, who in owner.items() if id not in now.get(who, ())}

    def story(id):
        return [f"{owner[id]} still had {id}, and it was taken away", *witness(records, id)]

    return _anomaly("robbed", robbed, owner, noun, story)


def find_starved(ready, taken, noun="job", why=()):
    """Ready all the time, and not taken while others were, or though somebody was free: its turn never came.

    ready: the ids that were ready all the time. taken: what was taken meanwhile. why: lines that say more than that others
    were taken, or why nothing was.
    """
    ready, taken = _ids(ready), _ids(taken)
    starved = set(ready) - set(taken) if taken or why else set()

    def story(id):
        return why or [f"{id} waited all the time, and {len(taken)} other {_plural(noun, len(taken))} were taken"]

    return _anomaly("starved", starved, set(ready), noun, story)


def find_leaked(left, noun="entry"):
    """Bookkeeping that outlived its work: a lease, an owner or a lock of a job that is done.

    left: place -> what is still in it, when nothing is left to do.
    """
    where = {}
    for place, things in _pairs(left):
        for thing in _ids(things):
            where.setdefault(thing, []).append(as_text(place))

    def story(thing):
        return [f"{thing} is still {_in(where[thing])}, though its work is over"]

    return _anomaly("leaked", where, None, noun, story)


# --- order


def find_reordered(seen, sent=None, noun="job"):
    """Within one key, done after something that came later.

    seen: key -> what was done, in the broker's own order (never the order in which processes wrote a
    history). sent: key -> the order in which it was handed over; without it, numbers (also those in a text)
    must rise. Doing one twice is no reordering.
    """
    witnesses, total = {}, 0
    sent = None if sent is None else {as_text(key): order for key, order in _pairs(sent)}
    for key, things in _pairs(seen):
        rank = _natural if sent is None else _ranks(sent.get(as_text(key)))
        highest = None
        for thing in map(as_text, _items(things)):
            total += 1
            if (place := rank(thing)) is None:
                continue  # never handed over: a phantom, and no matter of order
            if highest is not None and place < rank(highest):
                witnesses.setdefault(thing, f"{as_text(key)}: {thing} came after {highest}")
            else:
                highest = thing
    return _anomaly("reordered", witnesses, total, noun, lambda id: [witnesses[id]])


def find_overtaken(steps, order, noun="job"):
    """Begun before the one ahead of it had ended.

    steps: ("begin", id) and ("end", id) in the broker's own order. order: the ids in the order in which they
    must run.
    """
    began, ended = {}, {}
    for at, (what, id) in enumerate(steps or ()):
        (began if what == "begin" else ended).setdefault(as_text(id), at)
    order = list(dict.fromkeys(map(as_text, _items(order))))
    witnesses = {}
    for ahead, id in zip(order, order[1:]):
        if id in began and not (ahead in ended and ended[ahead] < began[id]):
            state = "had ended" if ahead in began and began[ahead] < began[id] else "had begun"
            witnesses[ahead] = f"{id} began before {ahead} {state}"
    return _anomaly("overtaken", witnesses, order, noun, lambda id: [witnesses[id]])


def find_stale(versions, latest=None, noun="row"):
    """A version that went down, or (with `latest`: key -> version) one that stayed behind when all was quiet.

    versions: key -> the versions that were shown, in the order in which they were.
    """
    witnesses, newest = {}, {as_text(key): version for key, version in _pairs(latest)}
    for key, shown in _pairs(versions):
        key, shown = as_text(key), [as_text(version) for version in _items(shown)]
        for before, after in zip(shown, shown[1:]):
            if _natural(after) < _natural(before):
                witnesses.setdefault(key, f"{key} showed version {after} after version {before}")
        if key in newest and shown and _natural(shown[-1]) < _natural(as_text(newest[key])):
            witnesses.setdefault(
                key, f"{key} still shows version {shown[-1]}; the latest is {as_text(newest[key])}"
            )
    return _anomaly("stale", witnesses, dict(_pairs(versions)), noun, lambda key: [witnesses[key]])


# --- a projection and the log it is made from


def find_differences(shown, fold, noun="row"):
    """Where a projection is not what the fold of its log gives: *missing*, *extra* and *wrong* rows.

    shown, fold: key -> value. Returns a list of Anomaly.
    """
    shown, fold = ({as_text(key): value for key, value in _pairs(rows)} for rows in (shown, fold))
    wrong = {key for key in shown.keys() & fold.keys() if not _same(shown[key], fold[key])}

    def story(key):
        row = f"the row says {_brief(shown[key])}" if key in shown else "there is no row"
        log = f"the log says {_brief(fold[key])}" if key in fold else "the log knows nothing of it"
        return [f"{key}: {row}, {log}"]

    found = [
        _anomaly("missing", fold.keys() - shown.keys(), fold, noun, story),
        _anomaly("extra", shown.keys() - fold.keys(), shown, noun, story),
        _anomaly("wrong", wrong, fold, noun, story),
    ]
    return [anomaly for anomaly in found if anomaly]


def find_half_built(reads, complete, noun="read"):
    """What readers saw while a projection was rebuilt: *half-built* states, and a complete but older one
    after a newer (*stale*).

    reads: one reader's looks at the whole projection, in order. complete: the states that were ever complete,
    oldest first. Returns a list of Anomaly; an id is the number of the look, from 1.
    """
    reads, complete = list(_items(reads)), list(_items(complete))
    half, stale, newest = {}, {}, 0
    for number, read in enumerate(reads, 1):
        which = [index for index, state in enumerate(complete) if _same(read, state)]
        if not which:
            half[str(number)] = (
                f"look {number} saw {_brief(read)}: neither the old projection nor the new one"
            )
        elif which[-1] < newest:
            stale[str(number)] = f"look {number} saw an older projection than a look before it"
        else:
            # A state that was complete twice is the older one here: when in doubt, the reader is right.
            newest = min(index for index in which if index >= newest)
    found = [
        _anomaly("half-built", half, reads, noun, lambda number: [half[number]]),
        _anomaly("stale", stale, reads, noun, lambda number: [stale[number]]),
    ]
    return [anomaly for anomaly in found if anomaly]


# --- the witness: what the history knows about one id

_VERBS = {
    "handed it over": "LPUSH RPUSH XADD basic.publish send",
    "took it": "BLMOVE LMOVE BRPOPLPUSH RPOPLPUSH BLPOP BRPOP LPOP RPOP BLMPOP LMPOP ZPOPMIN BZPOPMIN "
    "XREADGROUP XAUTOCLAIM basic.get deliver poll",
    "removed it": "LREM ZREM XACK XDEL DEL HDEL SREM",
    "acknowledged it": "basic.ack",
    "gave it back": "basic.nack basic.reject",
    "committed": "commit COMMIT commit_transaction EXEC",
}
_VERB_OF = {operation: verb for verb, operations in _VERBS.items() for operation in operations.split()}
_LETS_GO = {"removed it", "acknowledged it", "gave it back"}
_LAST_WORD = ("killed", "frozen")


def witness(records, id, limit=4, also=()):
    """The story of one id in words, a line for each stretch in which one process had it; () when the history
    does not know it.

        worker 2 took it with BLMOVE, was killed before its LREM, and nobody has had it since

    records: dicts with at, who, what, phase ("start", "end", "fault", "note") and perhaps id and note, as
    `workbook.history` gives them. also: other names under which the history may know the unit (its payload).
    A step without an end is told as what it is: nobody knows whether it happened. The history is a witness,
    never the judge: the order in which processes wrote it is not the order in which things happened.
    """
    names = {as_text(id), *map(as_text, _items(also))}
    steps = _steps(records, names)
    if not steps:
        return ()
    lines = []
    for who, did, _ in steps:
        if lines and lines[-1][0] == who:
            if lines[-1][1][-1] != did:
                lines[-1][1].append(did)
        else:
            lines.append((who, [did]))
    if steps[-1][2]:
        lines[-1][1].append("and nobody has had it since")
    told = [f"{who} {', '.join(deeds)}" for who, deeds in lines]
    if len(told) > max(limit, 2):
        # Where it began and how it ended tell most; the middle is counted.
        left_out = len(told) - max(limit, 2) + 1
        told = [told[0], f"… {left_out} more …", *told[left_out + 1 :]]
    return tuple(told)


def _steps(records, names):
    """(who, what it did in words, whether that is the last word on it) for each step that concerns the id."""
    records = [record for record in _items(records) if isinstance(record, Mapping)]
    records.sort(key=lambda record: record["at"] if isinstance(record.get("at"), (int, float)) else 0)
    ends = Counter(_operation(record) for record in records if _concerns(record, names, "end"))
    steps, holding = [], set()
    for record in records:
        (who, what), note = _operation(record), record.get("note")
        verb = _VERB_OF.get(what)
        if record.get("phase") == "fault":
            # A fault knows no id: it is this one's if the process had it when it was struck.
            if who in holding:
                steps.append((who, f"was {as_text(note or what)}", as_text(note or what).startswith(_LAST_WORD)))
        elif _concerns(record, names, "start"):
            holding.add(who)
            ends[who, what] -= 1
            if ends[who, what] < 0:
                steps.append((who, f"began {what}, and whether it happened is unknown", True))
        elif _concerns(record, names, "end"):
            holding.add(who)
            if isinstance(note, str) and note.startswith("raised"):
                steps.append((who, f"tried {what}, which {note}", False))
            else:
                steps.append((who, f"{verb} with {what}" if verb else f"did {what}", False))
                if verb in _LETS_GO:
                    holding.discard(who)
        elif _concerns(record, names, "note"):
            steps.append((who, as_text(note or what), False))
    return steps


def _operation(record):
    return as_text(record.get("who", "somebody")), as_text(record.get("what", "something"))


def _concerns(record, names, phase):
    return record.get("phase") == phase and "id" in record and as_text(record["id"]) in names


# --- helpers: whatever an answer left behind is read, never trusted


def _anomaly(name, ids, of, noun, story):
    """The anomaly with the story of its shortest id; None when there are no ids."""
    if not ids:
        return None
    ids = tuple(sorted(ids, key=lambda id: (len(id), id)))
    total = len(of) if hasattr(of, "__len__") else of
    return Anomaly(name, len(ids), total, ids, tuple(story(ids[0])), noun)


def as_text(id):
    """The one spelling of an id, or of anything else that a broker or an answer gave: text."""
    if isinstance(id, (bytes, bytearray, memoryview)):
        return bytes(id).decode("utf-8", "backslashreplace")
    try:
        return str(id)
    except Exception:  # an answer's own class may not even have a text
        return f"a {type(id).__name__}"


def _items(things):
    """The things in a collection; a single one, or none, is a collection too."""
    if things is None:
        return []
    if isinstance(things, (str, bytes, bytearray)) or not isinstance(things, Iterable):
        return [things]
    return list(things)


def _ids(things):
    return [as_text(id) for id in _items(things)]


def _pairs(mapping):
    return list(mapping.items()) if isinstance(mapping, Mapping) else []


def _words(words):
    return sorted(set(_ids(words)))


def _key(effect, once_per):
    if callable(once_per):
        return as_text(once_per(effect))
    names = [once_per] if isinstance(once_per, str) else once_per
    return " ".join(
        as_text(effect.get(name) if isinstance(effect, Mapping) else getattr(effect, name, None))
        for name in names
    )


def _ranks(order):
    """A function from a thing to its place in `order`, None for a thing that is not in it."""
    ranks = {}
    for thing in map(as_text, _items(order)):
        ranks.setdefault(thing, len(ranks))
    return ranks.get


def _natural(text):
    """Sorts "order 10" behind "order 9", and 1.5 behind 1.25."""
    try:
        return (0, float(text), ())
    except ValueError:
        parts = re.split("([0-9]+)", text)  # text and digits in turn
        digits = [part.lstrip("0") for part in parts[1::2]]
        return (1, 0.0, tuple(zip(parts[::2], [(len(number), number) for number in digits] + [(0, "")])))


def _same(one, other):
    try:
        return bool(one == other)
    except Exception:
        return False


def _brief(thing):
    text = as_text(thing)
    return text if len(text) <= 60 else text[:57] + "…"


def _in(places):
    """["done", "waiting", "waiting"] as "in done and twice in waiting"."""
    times = {1: "", 2: "twice "}
    return " and ".join(f"{times.get(n, f'{n} times ')}in {place}" for place, n in Counter(places).items())


def _plural(noun, count):
    if count == 1:
        return noun
    return noun[:-1] + "ies" if noun.endswith("y") and noun[-2:-1] not in "aeiou" else noun + "s"
