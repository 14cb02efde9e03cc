"""Faults at exact points: a process dies, freezes or waits right before or right after its n-th operation.

The code under test is not touched. Inside a worker, `arm` wraps the client libraries' own methods, so that every
operation passes one place, `around`, which records it in the history and fires the fault whose turn it is. A
fault is counted (the n-th BLMOVE), never timed.

A fault reads as it is written: "kill before BLMOVE", "kill after basic.ack 3", "pause after charge",
"hold before commit". The actions:

    kill    SIGKILL: the process is gone, nothing of it runs any more
    stop    SIGTERM: what a deployment sends first
    pause   SIGSTOP: the process is frozen until somebody resumes it (a long pause of a garbage collector or of a
            virtual machine; afterwards it goes on as if nothing had happened: the zombie)
    hold    wait until the parent releases it: to put two processes into an exact order
"""

import contextlib
import functools
import json
import os
import signal
import sqlite3
import threading
from dataclasses import dataclass

ACTIONS = ("kill", "stop", "pause", "hold")
ORDINALS = {1: "1st", 2: "2nd", 3: "3rd"}


@dataclass(frozen=True)
class Fault:
    """One fault: `action` right `side` ("before" or "after") the `n`-th operation named `operation` ("*": any)."""

    action: str
    side: str
    operation: str
    n: int = 1

    @classmethod
    def parse(cls, text):
        """Read "kill before BLMOVE" or "kill after basic.ack 3". Raises ValueError with the expected form."""
        if isinstance(text, Fault):
            return text
        words = str(text).split()
        number = words.pop() if len(words) == 4 else "1"
        readable = len(words) == 3 and words[0] in ACTIONS and words[1] in ("before", "after")
        if not readable or not number.isdigit() or number == "0":
            raise ValueError(
                f"a fault reads like 'kill before BLMOVE' or 'pause after charge 2', with one of "
                f"{', '.join(ACTIONS)}; got {text!r}"
            )
        return cls(*words, int(number))

    def __str__(self):
        done = {"kill": "killed", "stop": "stopped", "pause": "frozen", "hold": "held"}[self.action]
        ordinal = "" if self.n == 1 else ORDINALS.get(self.n, f"{self.n}th") + " "
        return f"{done} {self.side} its {ordinal}{self.operation}"


def crash_points(operations):
    """Where a worker that makes these operations can die: "kill before * 1", then "kill after * n" for each.

    What comes between two operations leaves no trace outside the process: before the next is the same moment as after
    the last.
    """
    return ["kill before * 1", *(f"kill after * {n}" for n in range(1, len(operations) + 1))]


class _State(threading.local):
    def __init__(self):
        self.layers = set()


_inside = _State()
_armed = None
_given = None


def given(text):
    """Remember what the code under test works on right now, so that its exception can be told with its input."""
    global _given
    _given = text
    note("given", text=text)  # also for a worker that never returns: its own memory is gone then


def last_given():
    return _given


class Armed:
    """The faults and the recorder of this worker. One a process, made by `arm`."""

    def __init__(self, faults, recorder, hold):
        self.faults = [Fault.parse(fault) for fault in faults]
        self.counts = {}
        self.recorder = recorder
        self.hold = hold

    def count(self, names):
        for name in {*names, "*"}:
            self.counts[name] = self.counts.get(name, 0) + 1

    def fire(self, side, names, settle):
        for fault in self.faults:
            if fault.side == side and fault.operation in {*names, "*"} and self.counts[fault.operation] == fault.n:
                if side == "after" and settle:
                    settle()
                # Told by the operation that was hit, also where any would have been.
                told = str(Fault(fault.action, side, names[0], self.counts[names[0]]))
                self.recorder.record(names[0], "fault", note=told)
                if fault.action == "hold":
                    self.hold(told)
                else:
                    number = {"kill": signal.SIGKILL, "stop": signal.SIGTERM, "pause": signal.SIGSTOP}
                    os.kill(os.getpid(), number[fault.action])


@dataclass
class Step:
    """An operation that is under way; `id` may be set inside it, when the reply tells which unit of work it was."""

    id: str | None = None


@contextlib.contextmanager
def no_steps(layer):
    """What happens inside is no step: nothing is counted, recorded or hit in this layer."""
    before = layer in _inside.layers
    _inside.layers.add(layer)
    try:
        yield
    finally:
        if not before:
            _inside.layers.discard(layer)


@contextlib.contextmanager
def around(*names, id=None, settle=None, layer=None):
    """One operation: `names` are what it is called (the first one is recorded), `id` the unit of work.

    Only the outermost operation of a layer ("redis", "amqp", …; its own name if none is given) counts: what a client
    does inside one of its calls is not a step of the learner's.
    settle: called before a fault fires after the operation, where the client returns before the server has seen
    it; so "after" always means: the server has it.
    """
    step = Step(id)
    layer = layer or names[0]
    if _armed is None or layer in _inside.layers:
        yield step
        return
    _inside.layers.add(layer)
    try:
        _armed.count(names)
        _armed.fire("before", names, settle)
        _armed.recorder.record(names[0], "start", id)
        try:
            yield step
        except Exception as error:
            _armed.recorder.record(names[0], "end", step.id, note=f"raised {type(error).__name__}")
            raise
        else:
            _armed.recorder.record(names[0], "end", step.id)
            _armed.fire("after", names, settle)
    finally:
        _inside.layers.discard(layer)


def note(what, id=None, text=None):
    """Record a step that is no operation on a broker (a worker started, a lease ran out)."""
    if _armed is not None:
        _armed.recorder.record(what, "note", id, text)


def arm(faults, recorder, hold):
    """Set the faults that shall happen in this process, and wrap the clients if the fork server has not."""
    global _armed
    wrap_clients()
    _armed = Armed(faults, recorder, hold)


@functools.cache
def wrap_clients():
    """Wrap the client libraries' methods, once a process. Without `arm` they only pass through."""
    _wrap_redis()
    _wrap_pika()
    _wrap_kafka()


def _replace(owner, method, wrapper):
    original = getattr(owner, method)
    setattr(owner, method, wrapper(original))


def _unit(value):
    """A short readable id for the history out of a payload: a JSON job's own id, else its text up to 40 characters."""
    if isinstance(value, (bytes, bytearray)):
        value = bytes(value).decode("utf-8", "replace")
    if isinstance(value, str) and value.startswith('{"id":'):
        with contextlib.suppress(ValueError, RecursionError):
            value = json.loads(value)["id"]
    return str(value)[:40] if isinstance(value, (str, int)) else None


GIVES = {"LPUSH", "RPUSH", "LREM", "SREM", "SADD", "ZADD", "ZREM"}
"""Redis commands whose last argument is the unit of work."""

TAKES = {"BLMOVE", "LMOVE", "BRPOPLPUSH", "RPOPLPUSH", "BRPOP", "BLPOP", "RPOP", "LPOP", "LINDEX", "EVALSHA", "EVAL"}
"""Redis commands whose reply is the unit of work."""


_loaded = {}
"""SHA of a registered script → the clients through which this process has loaded it."""


def _wrap_redis():
    import redis

    def execute_command(original):
        def wrapped(self, *args, **options):
            name = str(args[0]).upper()
            names = [name, "EVAL"] if name in ("EVALSHA", "FCALL") else [name]
            with around(*names, id=_unit(args[-1]) if name in GIVES else None, layer="redis") as step:
                reply = original(self, *args, **options)
                if name in TAKES:
                    step.id = _unit(reply[-1] if isinstance(reply, (list, tuple)) and reply else reply)
                return reply

        return wrapped

    def execute_pipeline(original):
        def wrapped(self, *args, **options):
            inside = [str(command[0][0]).upper() for command in self.command_stack]
            if not inside:
                return original(self, *args, **options)
            with around("EXEC" if self.transaction or self.explicit_transaction else "PIPELINE", *inside, layer="redis"):
                return original(self, *args, **options)

        return wrapped

    def call_script(original):
        def wrapped(self, keys=None, args=None, client=None):
            # Whether a registered script has to be loaded first depends on what earlier processes left on the server: it is
            # loaded here, and is no step, so that the same code makes the same steps each time.
            on = client or self.registered_client
            if _armed is not None and not isinstance(on, redis.client.Pipeline) and on not in _loaded.setdefault(self.sha, []):
                with no_steps("redis"):
                    on.script_load(self.script)
                _loaded[self.sha].append(on)
            return original(self, keys, args, client)

        return wrapped

    _replace(redis.Redis, "execute_command", execute_command)
    _replace(redis.commands.core.Script, "__call__", call_script)
    _replace(redis.client.Pipeline, "execute", execute_pipeline)
    # WATCH, and what is read between it and MULTI.
    _replace(redis.client.Pipeline, "immediate_execute_command", execute_command)


def _wrap_pika():
    from pika.adapters.blocking_connection import BlockingChannel

    def operation(name, unit=None, settles=False):
        def wrapper(original):
            def wrapped(self, *args, **options):
                # A passive declare is answered in order on the channel: what was sent before it has been handled.
                settle = (lambda: self.exchange_declare("amq.topic", passive=True)) if settles else None
                unit_id = unit(args, options) if unit else None
                with around(name, id=unit_id, settle=settle, layer="amqp"):
                    return original(self, *args, **options)

            return wrapped

        return wrapper

    def body(args, options):
        return _unit(options["body"] if "body" in options else args[2] if len(args) > 2 else None)

    def tag(args, options):
        return _unit(options.get("delivery_tag", args[0] if args else None))

    _replace(BlockingChannel, "basic_publish", operation("basic.publish", body, settles=True))
    _replace(BlockingChannel, "basic_get", operation("basic.get"))
    _replace(BlockingChannel, "basic_consume", operation("basic.consume"))
    _replace(BlockingChannel, "basic_ack", operation("basic.ack", tag, settles=True))
    _replace(BlockingChannel, "basic_nack", operation("basic.nack", tag, settles=True))
    _replace(BlockingChannel, "basic_reject", operation("basic.reject", tag, settles=True))


def _wrap_kafka():
    import kafka

    def operation(name, unit=None):
        def wrapper(original):
            def wrapped(self, *args, **options):
                with around(name, id=unit(args, options) if unit else None, layer="kafka"):
                    return original(self, *args, **options)

            return wrapped

        return wrapper

    def close(original):
        # Closing flushes, or commits where that is automatic, also when a forgotten client is collected.
        def wrapped(self, *args, **options):
            with no_steps("kafka"):
                return original(self, *args, **options)

        return wrapped

    def value(args, options):
        return _unit(options["value"] if "value" in options else args[1] if len(args) > 1 else None)

    # `send` hands a record to the producer's buffer and is not settled: a process killed after it may have sent nothing,
    # which is the lesson. What the broker has for certain is what was sent before a `flush`.
    for owner, method, unit in (
        (kafka.KafkaProducer, "send", value),
        (kafka.KafkaProducer, "flush", None),
        (kafka.KafkaProducer, "begin_transaction", None),
        (kafka.KafkaProducer, "send_offsets_to_transaction", None),
        (kafka.KafkaProducer, "commit_transaction", None),
        (kafka.KafkaProducer, "abort_transaction", None),
        (kafka.KafkaConsumer, "poll", None),
        (kafka.KafkaConsumer, "commit", None),
    ):
        _replace(owner, method, operation(method, unit))
    _replace(kafka.KafkaProducer, "close", close)
    _replace(kafka.KafkaConsumer, "close", close)


class ProbedCursor(sqlite3.Cursor):
    """A cursor whose statements are operations, named by their verb: INSERT, UPDATE, BEGIN …"""

    def execute(self, sql, *args):
        with around(_verb(sql), layer="sqlite"):
            return super().execute(sql, *args)

    def executemany(self, sql, *args):
        with around(_verb(sql), layer="sqlite"):
            return super().executemany(sql, *args)

    def executescript(self, sql):
        """Each statement of a script is an operation too. Like sqlite3's own, it commits what is open first."""
        db = self.connection
        if db.in_transaction:
            db.commit()
        level, db.isolation_level = db.isolation_level, None  # a script begins no transaction of its own accord
        try:
            for statement in _statements(sql):
                self.execute(statement)
        finally:
            db.isolation_level = level
        return self


class ProbedConnection(sqlite3.Connection):
    """An ordinary SQLite connection whose statements and commits pass `around`.

    Use: `sqlite3.connect(path, factory=ProbedConnection)`; the code that gets it notices nothing.
    """

    def cursor(self, factory=ProbedCursor):
        return super().cursor(factory)

    def execute(self, sql, *args):
        return self.cursor().execute(sql, *args)

    def executemany(self, sql, *args):
        return self.cursor().executemany(sql, *args)

    def executescript(self, sql):
        return self.cursor().executescript(sql)

    def commit(self):
        with around("COMMIT", layer="sqlite"):
            return super().commit()

    def __exit__(self, kind, error, traceback):
        # The C implementation would commit without passing `commit` above.
        if kind is None:
            self.commit()
        else:
            self.rollback()
        return False


def _statements(script):
    """The statements of an SQL script, one by one."""
    statement = ""
    for part in script.split(";"):
        statement += part + ";"
        if sqlite3.complete_statement(statement):
            if statement.strip(" \n\t;"):
                yield statement
            statement = ""


def _verb(sql):
    return sql.split(None, 1)[0].upper() if sql.strip() else "EMPTY"
