"""A lab's corner of the brokers: a leased Redis database, a virtual host, a prefix for topics and groups.

`open_lab("15")` gives a notebook a fresh, empty corner that no other notebook touches; a check gets a corner of its
own in the same way. A lease is a locked file: it is held as long as the process lives and is free again when it
dies, however it dies, so a dead corner is found and emptied by whoever takes its number next.
"""

import atexit
import base64
import concurrent.futures
import contextlib
import fcntl
import json
import os
import shutil
import time
import urllib.error
import urllib.parse
import urllib.request

from workbook import brokers
from workbook.history import History
from workbook.outside import World
from workbook.paths import STATE
from workbook.trouble import Trouble
from workbook.workers import Worker

PLACES = 60
"""How many corners can be open at once on one set of brokers: workshops have twenty learners, not sixty."""


class Lease:
    """A number that belongs to this process until it ends.

    Its file says the turn (see `next_turn`) and the brokers on which its holder may have left something. A holder that
    ends in order takes these away; `left` is what one that died did not.
    """

    def __init__(self):
        folder = STATE / "leases"
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(1, PLACES):
            file = _open_to_change(folder / f"corner-{number}.lock")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.close()
                continue
            self.number, self._file = number, file
            file.seek(0)
            turn, *self.left = file.read().split() or ["0"]
            self._turn = int(turn)
            return
        raise Trouble(
            f"all {PLACES - 1} corners are taken by running notebooks; shut down kernels that you no longer need "
            f"(in JupyterLab: Running Terminals and Kernels)."
        )

    def next_turn(self, uses=()):
        """A number that no earlier user of this lease had: names made with it were never used before.

        uses: the brokers on which something may be left from now on.
        """
        self._turn += 1
        self._write(uses)
        return self._turn

    def _write(self, left):
        # Always of one length and written at once, so that whoever is killed here leaves a whole number behind.
        line = f"{self._turn} {' '.join(left)}".ljust(79) + "\n"
        os.pwrite(self._file.fileno(), line.encode(), 0)

    def release(self):
        """Give it back."""
        self._write(self.left)
        self._file.close()


def places_in_use():
    """The numbers of the corners that some process holds now: running notebooks, checks, tests."""
    used = []
    for path in sorted((STATE / "leases").glob("corner-*.lock")):
        with _open_to_change(path) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                used.append(int(path.stem.removeprefix("corner-")))
    return used


def _open_to_change(path):
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+", encoding="utf-8")


class Corner:
    """An empty place on each broker that is named in `uses` ("redis", "rabbitmq", "kafka").

    role: "shared" for the brokers that everybody shares, or the `Instance` of a crash-test broker (see
    `workbook.brokers.crash_test`), which may be killed.
    """

    def __init__(self, uses, instance=None):
        self.uses = tuple(uses)
        self._instance = instance
        self.lease = Lease()
        self.folder = STATE / "corners" / str(self.lease.number)
        self._workers = []
        self._closers = []
        self._counts = {}
        self._admin = None
        self._vhost_ready = False
        self.turn = 0
        atexit.register(self.close)
        try:
            self._collect()
            self.fresh()
        except BaseException:
            # Nobody would ever close it: the place must not stay taken until this process ends.
            self.close()
            raise

    def _collect(self):
        """Take away what the last holder of this place left on the shared brokers, if it died."""
        empty = {"redis": self._empty_redis, "rabbitmq": self._drop_vhost, "kafka": self._empty_kafka}
        for name in list(self.lease.left):
            if self._at_crash_test(name):
                continue
            with contextlib.suppress(Exception):  # a broker that is down now has its turn when the place is next taken
                empty[name]()
                self.lease.left = [other for other in self.lease.left if other != name]

    def _at_crash_test(self, name):
        return self._instance is not None and self._instance.name == name

    def address(self, name):
        if self._at_crash_test(name):
            return self._instance.address
        return brokers.address(name)

    def fresh(self):
        """Empty the corner: no keys, queues, topics, workers, history or effects of earlier experiments."""
        self._close_everything()
        shared = [name for name in self.uses if not self._at_crash_test(name)]
        self.turn = self.lease.next_turn(dict.fromkeys([*shared, *self.lease.left]))
        self._vhost_ready = False  # made anew when it is next asked for, so that no queue or exchange is left
        self._counts = {}
        self._experiments = 0
        shutil.rmtree(self.folder, ignore_errors=True)
        self.world = World(self.folder / f"world-{self.turn}.db")
        return self.again()

    def again(self):
        """Begin the next experiment in this corner: workers ended, a new history, nothing in Redis or outside.

        Queues and topics of the last experiment may still be there; `name` gives each experiment names of its own.
        """
        self.end_workers()
        self._experiments += 1
        self.history = History(self.folder / f"history-{self.turn}-{self._experiments}")
        self.world.forget()
        if "redis" in self.uses:
            self._empty_redis()
        return self

    # Redis

    @property
    def redis_at(self):
        """Keyword arguments for `redis.Redis(...)`: host, port, db of this corner."""
        address = self.address("redis")
        return {"host": address["host"], "port": address["port"], "db": self.lease.number}

    @property
    def redis(self):
        """A client on this corner's database, made once. Give it to a worker as an argument: it opens its own."""
        if not hasattr(self, "_redis"):
            import redis

            self._redis = redis.Redis(**self.redis_at)
        return self._redis

    def _empty_redis(self):
        if brokers.state.backend() != "external":
            self.redis.flushdb()
            return
        # A server that is not ours is never flushed: keys go one by one, in the database that was leased.
        for key in self.redis.scan_iter():
            self.redis.delete(key)

    # RabbitMQ

    @property
    def vhost(self):
        return f"wb-{self.lease.number}"

    def amqp(self, **options):
        """pika's ConnectionParameters for this corner's virtual host. options: heartbeat, client_properties, …

        Raises Trouble when the broker can't be reached.
        """
        import pika

        address = self.address("rabbitmq")
        if not self._vhost_ready:
            self._make_vhost()
        return pika.ConnectionParameters(
            host=options.pop("host", address["host"]),
            port=options.pop("port", address["port"]),
            virtual_host=self.vhost,
            credentials=pika.PlainCredentials(address["user"], address["password"]),
            **{"blocked_connection_timeout": 30, **options},
        )

    def connect(self, **options):
        """An open pika.BlockingConnection in this corner's virtual host; closed with the corner."""
        import pika

        connection = pika.BlockingConnection(self.amqp(**options))
        self._closers.append(connection.close)
        return connection

    def manage(self, method, path, body=None):
        """One request to RabbitMQ's management API. `path` begins after /api/; {vhost} is this corner's.

        Returns the decoded JSON, None for an empty answer. Raises urllib.error.HTTPError.
        """
        address = self.address("rabbitmq")
        request = urllib.request.Request(
            f"http://{address['host']}:{address['management_port']}/api/{path.replace('{vhost}', self.vhost)}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Content-Type": "application/json",
                "Authorization": "Basic "
                + base64.b64encode(f"{address['user']}:{address['password']}".encode()).decode(),
            },
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def _make_vhost(self):
        self._drop_vhost()
        user = urllib.parse.quote(self.address("rabbitmq")["user"], safe="")
        self.manage("PUT", f"vhosts/{self.vhost}", {})
        self.manage("PUT", f"permissions/{self.vhost}/{user}", {"configure": ".*", "write": ".*", "read": ".*"})
        self._vhost_ready = True

    def _drop_vhost(self):
        with contextlib.suppress(urllib.error.HTTPError):
            self.manage("DELETE", f"vhosts/{self.vhost}")

    # Kafka

    @property
    def bootstrap(self):
        """Kafka's address, "host:port"."""
        address = self.address("kafka")
        return f"{address['host']}:{address['port']}"

    @property
    def prefix(self):
        return f"wb-{self.lease.number}-{self.turn}-"

    @property
    def admin(self):
        if self._admin is None:
            import kafka

            self._admin = kafka.KafkaAdminClient(bootstrap_servers=self.bootstrap, bootstrap_timeout_ms=10000)
        return self._admin

    def topic(self, name, partitions=1, **configs):
        """Create a topic in this corner and return its full name. configs: `cleanup_policy="compact"` and the like."""
        full = self.name(name)
        self.admin.create_topics(
            {
                full: {
                    "num_partitions": partitions,
                    "replication_factor": 1,
                    "configs": {key.replace("_", "."): str(value) for key, value in configs.items()},
                }
            }
        )
        self._closers.append(lambda: self._drop_topic(full))
        return full

    def _drop_topic(self, full):
        self.admin.delete_topics([full])

    def _empty_kafka(self):
        """Remove every topic and every group of this place, of earlier turns too."""
        ours = f"wb-{self.lease.number}-"
        if topics := [name for name in self.admin.list_topics() if name.startswith(ours)]:
            self.admin.delete_topics(topics)
        groups = [group["group_id"] for group in self.admin.list_groups() if group["group_id"].startswith(ours)]
        if groups:
            self.admin.delete_groups(groups)

    def name(self, name):
        """A name for a queue, topic or group that belongs to this corner and was never used before.

        Asked twice for the same name, it gives two: an experiment that runs again starts with nothing.
        """
        self._counts[name] = self._counts.get(name, 0) + 1
        count = "" if self._counts[name] == 1 else f"-{self._counts[name]}"
        return f"{self.prefix}{name}{count}"

    # Workers

    def worker(self, function, *arguments, name=None, fault=None, faults=()):
        """Start `function(*arguments)` in a process of its own and return the Worker.

        name: how it is called in histories ("worker 1"). fault: what shall happen to it, "kill before BLMOVE" (see
        `workbook.faults`); faults: several. A Redis client among the arguments is opened anew in the worker.
        """
        name = name or f"worker {len(self._workers) + 1}"
        wanted = ([fault] if fault else []) + list(faults)
        worker = Worker(_call, (function, *map(_portable, arguments)), name, self.history.folder, wanted)
        self._workers.append(worker)
        return worker

    def run(self, function, *arguments, within=5.0, **options):
        """Start a worker, wait for its end and return its Outcome (`kind`, `value`, `error`, `faults`, `printed`)."""
        worker = self.worker(function, *arguments, **options)
        try:
            return worker.finish(within)
        finally:
            worker.close()

    def web_service(self, name, answer):
        """An HTTP service in a worker of this name: `answer(data)` gets the JSON of each POST (see `workbook.webservice`)."""
        from workbook.webservice import WebService

        service = WebService(self, name, answer)
        self._closers.append(service.close)
        return service

    def until(self, condition, within=3.0):
        """Wait for an event that only polling shows; False when it had not come after `within` seconds."""
        deadline = time.monotonic() + within
        while not condition():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.002)
        return True

    def end_workers(self):
        for worker in self._workers:
            worker.close()
        self._workers = []

    # End

    def _close_everything(self):
        self.end_workers()
        while self._closers:
            # What is gone already (a connection that the broker closed, a topic on a dead broker) needs no closing.
            with contextlib.suppress(Exception):
                self._closers.pop()()

    def close(self):
        """Leave nothing behind: workers, connections, topics, the virtual host, the database's keys."""
        if self.lease is None:
            return
        atexit.unregister(self.close)
        self._close_everything()
        with contextlib.suppress(Exception):
            if self._vhost_ready:
                self._drop_vhost()
        with contextlib.suppress(Exception):
            if "redis" in self.uses:
                self._empty_redis()
        if self._admin is not None:
            with contextlib.suppress(Exception):
                self._empty_kafka()
            with contextlib.suppress(Exception):
                self._admin.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.lease.release()
        self.lease = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class _RedisAt:
    """Stands for a Redis client on its way to a worker."""

    def __init__(self, options):
        self.options = options


def _portable(argument):
    """A Redis client can't cross a process (it holds sockets and locks); its address and options can."""
    import redis

    if isinstance(argument, redis.Redis):
        options = argument.connection_pool.connection_kwargs
        kept = ("host", "port", "db", "socket_timeout", "socket_connect_timeout", "retry", "decode_responses")
        return _RedisAt({key: options[key] for key in kept if key in options})
    return argument


def _call(function, *arguments):
    """Runs in the worker: open what had to be opened anew, then call."""
    import redis

    return function(*[redis.Redis(**a.options) if isinstance(a, _RedisAt) else a for a in arguments])


class Lab(Corner):
    """What a notebook gets from `open_lab`: a corner, with the lab's number."""

    def __init__(self, number, uses):
        self.number = number
        brokers.require(*uses)
        super().__init__(uses)

    def crash_test(self, name, **settings):
        """A broker of the same kind that may be killed: `with lab.crash_test("redis") as corner: …`.

        settings: extra settings for it, underscores for dashes (Redis: `appendonly="yes"`). Yields a Corner on it;
        `corner.broker` is the server itself, with kill(), start(), pause(), resume().
        """
        return _crash_corner(name, {key.replace("_", "-"): value for key, value in settings.items()})

    def start_crash_tests(self, *names):
        """Start these crash-test brokers side by side, so that the cells which break them need not wait one by one."""

        def start(name):
            with brokers.crash_test(name):
                pass

        with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
            list(pool.map(start, names))


@contextlib.contextmanager
def _crash_corner(name, settings):
    with brokers.crash_test(name, settings=settings) as instance:
        with Corner((name,), instance) as corner:
            corner.broker = instance
            try:
                yield corner
            finally:
                # The corner empties itself as it closes, and would wait for a dead broker until its clients give up.
                instance.resume()
                instance.start()
                instance.wait_ready()


_open = {}


def open_lab(number):
    """Open lab `number` ("15"): a fresh, empty corner of each broker that it uses.

    Opening it again in the same kernel empties the corner and forgets the lab's predictions: a notebook run twice gives
    the same result. Raises Trouble when a broker is not running, or there is no such lab.
    """
    from workbook import exercises, predictions

    number = str(number).zfill(2)
    uses = exercises.brokers_of(number)
    predictions.begin(number)
    if number in _open:
        brokers.require(*uses)
        return _open[number].fresh()
    _open[number] = Lab(number, uses)
    return _open[number]
