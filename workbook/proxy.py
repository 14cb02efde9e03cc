"""The lost reply: the broker did it, and the client does not know.

A proxy between a client and a broker reads both directions frame by frame. It swallows one chosen reply,
once: the request has reached the broker and was carried out; instead of its reply the client gets a closed
connection. All that comes later passes, so that a client which tries again succeeds, and whoever counts
afterwards sees what a lost reply does.

    with lost_reply("redis", lose="LPUSH") as proxy:
        client = redis.Redis(proxy.host, proxy.port)
        client.lpush("queue", "order 7")        # returns, and "order 7" is in the queue twice
    assert proxy.lost == 1                      # a fault that did not happen proves nothing

With `cut="request"` the request itself is swallowed: the broker never gets it. To the client both look the
same, which is the lesson: an exception does not tell which of the two it was.

Nothing here knows what the client library does. It works on the three protocols as they are on the wire: RESP
2 and 3 (Redis), AMQP 0-9-1 (RabbitMQ), and Kafka's. Standard library only, threads of the calling process,
127.0.0.1 alone, prints nothing.
"""

import collections
import contextlib
import os
import socket
import struct
import threading
import time

from workbook.paths import STATE
from workbook.trouble import Trouble

HOST = "127.0.0.1"


class LostReplyProxy:
    """A context manager that listens at `.host`, `.port` and forwards to the target, but for one reply.

    kind: "redis", "rabbitmq" or "kafka", the protocol to read.
    lose: what to lose. Redis: a command, "BLMOVE", several, ("LMOVE", "BLMOVE", "EVALSHA"), or "*" for
    any but those about the connection itself. RabbitMQ: "confirm" (the default) or another name in
    AMQP_METHODS. Kafka: "Produce" (the default) or another name in KAFKA_REQUESTS.
    n: lose the n-th of them, counted over all connections.
    cut: "reply", the broker did it; "request", the broker never got it.
    empty: Redis only, whether a reply counts that says "there was nothing" (nil, or an empty list). By
    default it does not: a worker that polls an empty queue loses nothing with such a reply. An error never
    counts.
    lock: a file; only one process at a time may hold the proxy with this file (`listen_port` is a fixed one).
    deadline: seconds to wait for that lock; then Trouble is raised.

    `.lost` is the number of replies (or requests) swallowed, 0 or 1; `.seen` how many matching ones came by.
    Check `.lost`: the verdict on an answer is worth nothing when its fault did not happen.
    """

    def __init__(
        self,
        kind,
        target_host,
        target_port,
        lose=None,
        n=1,
        listen_port=0,
        *,
        cut="reply",
        empty=False,
        lock=None,
        deadline=30.0,
    ):
        if kind not in _DIALOGUES:
            raise ValueError(f"kind is one of {sorted(_DIALOGUES)}, not {kind!r}")
        if cut not in ("reply", "request"):
            raise ValueError(f'cut is "reply" or "request", not {cut!r}')
        if n < 1:
            raise ValueError(f"n counts from 1, not from {n!r}")
        self.kind, self.target, self.n, self.cut = kind, (target_host, target_port), n, cut
        self.host, self.port = HOST, listen_port
        self.lost = self.seen = 0
        self.failures = []  # what went wrong in a thread: it must not print, and must not be silent either
        self._new_dialogue = lambda: _DIALOGUES[kind](lose, cut, empty)
        self._new_dialogue()  # a wrong name in `lose` is told here, not in a thread
        self._lock_file, self._lock_deadline, self._held = lock, deadline, None
        self._listener, self._links, self._closing = None, [], False
        self._changed = threading.Condition()

    def __enter__(self):
        if self._lock_file:
            self._held = _take_lock(self._lock_file, self._lock_deadline)
        try:
            self._listener = socket.socket()
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._listener.bind((HOST, self.port))
            self._listener.listen(128)
        except OSError as error:
            self.close()
            raise Trouble(
                f"the fault proxy cannot listen on port {self.port} ({error.strerror}): another program has "
                "taken it; stop that program, or run `python3 -m workbook down` and `up` to get other ports."
            ) from None
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, name=f"proxy {self.kind}", daemon=True).start()
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Close every connection and stop listening. Closing twice is harmless."""
        with self._changed:
            self._closing = True
            links = list(self._links)
        if self._listener is not None:
            _shut(self._listener)
        for link in links:
            link.close()
        if self._held is not None:
            _free_lock(self._held)
            self._held = None

    def wait_lost(self, deadline=5.0):
        """Wait until the reply has been swallowed; False when that did not happen within `deadline`
        seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self.lost, deadline)

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # closed
            link = _Link(self, client, self._new_dialogue())
            with self._changed:
                if self._closing:
                    link.close()
                    return
                self._links = [one for one in self._links if one.open] + [link]
            threading.Thread(target=link.run, name=f"proxy {self.kind} link", daemon=True).start()

    def _due(self, hits):
        """Count `hits` matching frames; True for those that hold the n-th, once."""
        with self._changed:
            before, self.seen = self.seen, self.seen + hits
            due = not self.lost and before < self.n <= self.seen
            if due:
                # Counted before the client's socket is closed: when the client knows, `lost` says so.
                self.lost = 1
                self._changed.notify_all()
            return due


def lost_reply(name, lose=None, n=1, role="shared", **options):
    """The proxy in front of one of our brokers: `lost_reply("rabbitmq")`, `lost_reply("kafka",
    "OffsetCommit", n=2)`.

    Connect to `.host` and `.port` of it. Kafka's clients leave for the address that the broker advertises, so
    its proxy listens where the broker's second listener says that it does; only one process at a time can
    have that port, the others wait.
    """
    from workbook import brokers

    at = brokers.address(name, role=role)
    if name != "kafka":
        return LostReplyProxy(name, at["host"], at["port"], lose, n, **options)
    port = at["proxy_port"]
    options.setdefault("lock", STATE / "leases" / f"proxy-{port}.lock")
    return LostReplyProxy(name, at["host"], at["proxied_port"], lose, n, port, **options)


# --- one connection


class _Link:
    """One client's connection and ours to the broker: two threads, each forwarding whole frames in one
    direction."""

    def __init__(self, proxy, client, dialogue):
        self.proxy, self.client, self.dialogue, self.broker = proxy, client, dialogue, None
        self.open = True
        self._answered = threading.Condition()

    def run(self):
        try:
            self.broker = socket.create_connection(self.proxy.target, timeout=10)
        except OSError:
            self.close()  # what the client sees when the broker is down: a closed connection
            return
        self.broker.settimeout(None)
        for end in (self.client, self.broker):
            with contextlib.suppress(OSError):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not self.open or self.proxy._closing:
            self.close()
            return
        threading.Thread(target=self._guard, args=(self._replies,), name="proxy replies", daemon=True).start()
        self._guard(self._requests)

    def _guard(self, pump):
        try:
            pump()
        except OSError:
            pass  # one of the two ends has gone
        except (
            Exception
        ) as error:  # not the protocol we read: the check that relies on this fault must learn of it
            self.proxy.failures.append(f"{type(error).__name__}: {error}")
            self.close()
        if pump == self._replies:
            self.close()
        else:
            # The client has closed its side; the broker may still be answering, and closes when it has.
            with contextlib.suppress(OSError):
                self.broker.shutdown(socket.SHUT_WR)

    def _requests(self):
        lose_here = self.proxy.cut == "request"
        while data := self.client.recv(65536):
            passed = []
            frames = list(self.dialogue.from_client(data))
            for number, (frame, hits) in enumerate(frames):
                if lose_here and hits and self.proxy._due(hits):
                    self._send(self.broker, passed)
                    self._wait_answered(but=len(frames) - number)
                    self.close()
                    return
                passed.append(frame)
            self._send(self.broker, passed)

    def _replies(self):
        lose_here = self.proxy.cut == "reply"
        while data := self.broker.recv(65536):
            passed = []
            for frame, hits in self.dialogue.from_broker(data):
                if hits and lose_here and self.proxy._due(hits):
                    self._send(self.client, passed)  # earlier replies are not lost
                    _shut(self.client)
                    self._drain()
                    return
                passed.append(frame)
            self._send(self.client, passed)
            with self._answered:
                self._answered.notify_all()

    def _drain(self):
        """Let the broker finish what it was sent: a connection torn down at once could undo more than a
        reply."""
        self.broker.settimeout(2)
        self.broker.shutdown(socket.SHUT_WR)
        while self.broker.recv(65536):
            pass

    def _wait_answered(self, but):
        """Before a request is cut: the ones ahead of it get their replies; it and those behind it, `but` in all, never will."""
        with self._answered:
            self._answered.wait_for(lambda: self.dialogue.outstanding() <= but, 1.0)

    def _send(self, end, frames):
        if frames:
            end.sendall(b"".join(frames))

    def close(self):
        self.open = False
        _shut(self.client)
        if self.broker is not None:
            _shut(self.broker)


def _shut(end):
    """Close a socket so that a thread which waits on it wakes up."""
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


# --- the protocols: each cuts bytes into whole frames, and says how many matching units a frame holds


class _Redis:
    """RESP: a connection's replies come in the order of its requests, so the n-th reply belongs to the n-th
    request.

    Two exceptions. A `>` (push) or `|` (attribute) of RESP 3 is no reply. And a command inside MULTI is only
    queued: it is done by EXEC, whose reply is the one to lose.
    """

    # After these the broker sends what nobody asked for, or nothing: the rest passes unread.
    UNCOUNTABLE = {b"SUBSCRIBE", b"PSUBSCRIBE", b"SSUBSCRIBE", b"MONITOR", b"SYNC", b"PSYNC"}
    # What a client says about its connection, and not about its data.
    CONNECTION = {
        b"HELLO",
        b"AUTH",
        b"CLIENT",
        b"SELECT",
        b"PING",
        b"COMMAND",
        b"SCRIPT",
        b"MULTI",
        b"WATCH",
        b"UNWATCH",
    }

    def __init__(self, lose, cut, empty):
        if not lose:
            raise ValueError('say which command\'s reply to lose, for instance lose="LPUSH"')
        names = [lose] if isinstance(lose, str) else lose
        self.lose = {name.upper().encode() for name in names}
        self.empty = empty
        self.pending = collections.deque()  # one entry for each request that has no reply yet: does it match?
        self.requests, self.replies = _Resp(inline=True), _Resp()
        self.transaction = None  # inside MULTI: has a matching command been queued?
        self.raw = False

    def outstanding(self):
        return len(self.pending)

    def from_client(self, data):
        if self.raw:
            return [(self.requests.rest() + data, 0)]
        return [(frame, self._request(frame)) for frame in self.requests.feed(data)]

    def _request(self, frame):
        name, argument = _command(frame)
        if not name or self.raw:
            return 0
        if name in self.UNCOUNTABLE or (name, argument) == (b"CLIENT", b"REPLY"):
            self.raw = True
            return 0
        matches = name in self.lose or (b"*" in self.lose and name not in self.CONNECTION)
        if name == b"MULTI":
            self.transaction = False
        elif name == b"EXEC":
            matches, self.transaction = matches or bool(self.transaction), None
        elif name == b"DISCARD":
            self.transaction = None
        elif self.transaction is not None:
            matches, self.transaction = False, self.transaction or matches
        self.pending.append(matches)
        return int(matches)

    def from_broker(self, data):
        if self.raw:
            return [(self.replies.rest() + data, 0)]
        return [(frame, self._reply(frame)) for frame in self.replies.feed(data)]

    def _reply(self, frame):
        if frame[:1] in b">|" or not self.pending:
            return 0
        matches = self.pending.popleft()
        if frame[:1] in b"-!":
            return 0
        line = frame[: frame.find(b"\r\n")]
        nothing = (
            line == b"_" or line[1:] == b"-1" and line[:1] in b"$*" or line[1:] == b"0" and line[:1] in b"*~%"
        )
        return int(matches and (self.empty or not nothing))


class _Resp:
    """Cuts a stream of RESP values into whole ones; remembers where it was, so that no byte is looked at
    twice."""

    def __init__(self, inline=False):
        self.inline = inline  # a request may also be a bare line of words
        self.buffer, self.at, self.need, self.fresh = bytearray(), 0, 1, True

    def rest(self):
        """What has come of a value that is not whole yet: where nothing is cut any more, it must not stay
        behind."""
        rest, self.buffer = bytes(self.buffer), bytearray()
        return rest

    def feed(self, data):
        self.buffer += data
        frames, start = [], 0
        while True:
            after = self._value()
            if after is None:
                break
            self.at, self.fresh = after, False
            if self.need == 0:
                frames.append(bytes(self.buffer[start : self.at]))
                start, self.need, self.fresh = self.at, 1, True
        del self.buffer[:start]
        self.at -= start
        return frames

    def _value(self):
        """Read one value's head (and body, if it is a string) at `self.at`; the index after it, None if more
        must come first."""
        end = self.buffer.find(b"\n", self.at)
        if end < 0:
            return None
        kind, line = chr(self.buffer[self.at]), bytes(self.buffer[self.at + 1 : end]).rstrip(b"\r")
        after = end + 1
        if self.inline and self.fresh and kind != "*":
            self.need = 0
            return after
        inner = 0
        if kind in "$=!":
            length = int(line)
            if length >= 0:
                after += length + 2
                if len(self.buffer) < after:
                    return None
        elif kind in "*~>":
            inner = max(int(line), 0)
        elif kind in "%|":
            inner = 2 * max(int(line), 0)
        elif kind not in "+-:_,#(":
            raise ValueError(f"not RESP: {kind!r}")
        self.need += inner - 1
        return after


def _command(frame):
    """The name of a request and its first argument, in capitals."""
    if frame[:1] == b"*":
        words = frame.split(b"\r\n", 5)[2:5:2]
    else:
        words = frame.split(None, 2)[:2]
    words = [word.upper() for word in words] + [b"", b""]
    return words[0], words[1]


AMQP_METHODS = {
    # name: (cut the reply: class and method that the broker sends; cut the request: what the client sends)
    "confirm": ((60, 80), (60, 40)),
    "declare": ((50, 11), (50, 10)),
    "bind": ((50, 21), (50, 20)),
    "consume": ((60, 21), (60, 20)),
    "get": ((60, 71), (60, 70)),
    "deliver": ((60, 60), None),
    "ack": (None, (60, 80)),
    "reject": (None, (60, 90)),
    "commit": ((90, 21), (90, 20)),
}
"""What can be lost on RabbitMQ. "confirm": the broker's basic.ack, or the basic.publish before it. "ack": the
consumer's."""

_METHOD, _HEADER, _BODY = 1, 2, 3
_PUBLISH, _CONFIRM, _REFUSE, _OPEN = (60, 40), (60, 80), (60, 120), (20, 10)


class _Amqp:
    """AMQP 0-9-1: frames of type, channel, length, payload, 0xCE. A confirm may settle several messages at
    once (`multiple`).

    A publish that is cut is the whole message, to the last byte of its body: cut after its method alone, the client would
    sometimes notice while it sends the body, and sometimes not.
    """

    def __init__(self, lose, cut, _empty):
        lose = lose or "confirm"
        wanted = AMQP_METHODS.get(lose, (None, None))[cut == "request"]
        if wanted is None:
            raise ValueError(f"cannot lose the {cut} of {lose!r} on RabbitMQ; known: {sorted(AMQP_METHODS)}")
        self.wanted = wanted
        self.counts_messages = cut == "reply" and wanted == _CONFIRM
        self.requests, self.replies = bytearray(), bytearray()
        self.settled = collections.defaultdict(_Settled)  # by channel
        self.message, self.missing = b"", None  # a publish that is to be cut, and how much of its body is still to come

    def outstanding(self):
        return 0

    def from_client(self, data):
        for frame, channel, method in self._frames(self.requests, data):
            if method == _OPEN:
                self.settled.pop(channel, None)
            if method == self.wanted == _PUBLISH:
                self.message = frame
            elif self.message and frame[0] in (_HEADER, _BODY):
                self.message += frame
                # A header says how long the body is; eight bytes of a body's frame are not the body.
                self.missing = struct.unpack(">Q", frame[11:19])[0] if frame[0] == _HEADER else self.missing - len(frame) + 8
                if not self.missing:
                    yield self.message, 1
                    self.message = b""
            else:
                yield frame, int(method == self.wanted)

    def from_broker(self, data):
        for frame, channel, method in self._frames(self.replies, data):
            hits = int(method == self.wanted)
            if self.counts_messages and method in (_CONFIRM, _REFUSE):
                tag, bits = struct.unpack(">QB", frame[11:20])
                hits *= self.settled[channel].settle(tag, multiple=bits & 1)
            yield frame, hits

    def _frames(self, buffer, data):
        buffer += data
        while len(buffer) >= 8:
            if buffer[:4] == b"AMQP":  # the greeting, or the broker's answer to a version it does not speak
                size, channel, method = 8, 0, None
            else:
                kind, channel, length = struct.unpack(">BHI", buffer[:7])
                size = length + 8
                if len(buffer) < size:
                    return
                method = struct.unpack(">HH", buffer[7:11]) if kind == _METHOD else None
            frame = bytes(buffer[:size])
            del buffer[:size]
            yield frame, channel, method


class _Settled:
    """The delivery tags of one channel that the broker has answered for: all up to `low`, and those in
    `above`."""

    def __init__(self):
        self.low, self.above = 0, set()

    def settle(self, tag, multiple):
        """How many messages this answers for that had no answer before."""
        tags = set(range(self.low + 1, tag + 1)) if multiple else {tag}
        fresh = {one for one in tags if one > self.low} - self.above
        self.above |= fresh
        while self.low + 1 in self.above:
            self.low += 1
            self.above.remove(self.low)
        return len(fresh)


KAFKA_REQUESTS = {
    "Produce": 0,
    "Fetch": 1,
    "ListOffsets": 2,
    "Metadata": 3,
    "OffsetCommit": 8,
    "OffsetFetch": 9,
    "FindCoordinator": 10,
    "JoinGroup": 11,
    "Heartbeat": 12,
    "LeaveGroup": 13,
    "SyncGroup": 14,
    "CreateTopics": 19,
    "DeleteRecords": 21,
    "InitProducerId": 22,
    "AddPartitionsToTxn": 24,
    "AddOffsetsToTxn": 25,
    "EndTxn": 26,
    "TxnOffsetCommit": 28,
}
"""What can be lost on Kafka, by the request's name in its protocol."""


class _Kafka:
    """Kafka: frames with a length; a response carries the correlation id of its request, the request its kind
    (api key)."""

    def __init__(self, lose, _cut, _empty):
        lose = lose or "Produce"
        if lose not in KAFKA_REQUESTS:
            raise ValueError(f"cannot lose {lose!r} on Kafka; known: {sorted(KAFKA_REQUESTS)}")
        self.wanted = KAFKA_REQUESTS[lose]
        self.pending = {}  # correlation id: does its request match?
        self.requests, self.replies = bytearray(), bytearray()

    def outstanding(self):
        return len(self.pending)

    def from_client(self, data):
        for frame in self._frames(self.requests, data):
            api, _version, correlation = struct.unpack(">hhi", frame[4:12])
            self.pending[correlation] = api == self.wanted
            yield frame, int(api == self.wanted)

    def from_broker(self, data):
        for frame in self._frames(self.replies, data):
            (correlation,) = struct.unpack(">i", frame[4:8])
            yield frame, int(self.pending.pop(correlation, False))

    def _frames(self, buffer, data):
        buffer += data
        while len(buffer) >= 4:
            size = struct.unpack(">i", buffer[:4])[0] + 4
            if len(buffer) < size:
                return
            frame = bytes(buffer[:size])
            del buffer[:size]
            yield frame


_DIALOGUES = {"redis": _Redis, "rabbitmq": _Amqp, "kafka": _Kafka}


# --- one process at a time on a fixed port


def _take_lock(path, deadline):
    import fcntl

    path.parent.mkdir(parents=True, exist_ok=True)
    held = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    until = time.monotonic() + deadline
    while True:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return held
        except OSError:
            if time.monotonic() > until:
                os.close(held)
                raise Trouble(
                    f"Kafka's fault proxy has been in use for {deadline:.0f} s by another notebook or test: "
                    "wait until its check ends, or restart its kernel, then run this cell again."
                ) from None
            time.sleep(0.02)  # flock knows no deadline of its own


def _free_lock(held):
    import fcntl

    fcntl.flock(held, fcntl.LOCK_UN)  # said, not only closed: a forked child may still hold the file open
    os.close(held)
