"""The native backend: the same servers as processes of this user, on 127.0.0.1, all data in .workbook/."""

import base64
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

from workbook import paths
from workbook.brokers import install, ports, state
from workbook.brokers.base import Instance
from workbook.brokers.processes import Process
from workbook.trouble import Trouble

HOST = "127.0.0.1"
SETTINGS = Path(__file__).parent / "settings"

_PORTS = {
    "redis": ("port",),
    "rabbitmq": ("port", "management_port", "mqtt_port", "stomp_port", "distribution", "epmd"),
    "kafka": ("port", "controller", "proxied_port", "proxy_port"),
    "kafka-cluster": ("port", "controller"),  # of each of its three nodes
    "activemq": ("port", "mqtt_port", "openwire_port"),
}


starts_here = False
"""Whether this process may be a broker's parent: the command line may, a kernel or a test may not."""


def _through_the_command_line(name, role, settings):
    """Have `python -m workbook _start` start a broker, in a session of its own.

    An interrupt of a kernel is sent to its whole process group; a broker, or the process that is just
    starting one, must not be in it. The starter goes on to its end even if we are interrupted while we wait
    for it.
    """
    command = [sys.executable, "-m", "workbook", "_start", name, role]
    if settings is not None:
        command.append(json.dumps(settings))
    starter = subprocess.Popen(
        command,
        cwd=paths.ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    said, _ = starter.communicate()
    if starter.returncode:
        raise Trouble(
            said.strip().removeprefix("workbook: ")
            or f"{name} could not be started: run `python3 -m workbook doctor`."
        )


class NativeInstance(Instance):
    """What the three servers have in common: a folder, a process, a log, ports."""

    backend = "native"

    def __init__(self, name, role="shared"):
        super().__init__(name, role)
        self.process = Process(self.home / "process.json")

    @property
    def home(self):
        """The folder of this instance: settings, data, log, process id."""
        return paths.STATE / "native" / f"{self.name}-{self.role}"

    @property
    def data(self):
        """What `wipe` removes."""
        return self.home / "data"

    @property
    def log(self):
        """The file that its standard output goes to."""
        return self.home / "log"

    def ports(self):
        """Its ports by purpose; while it does not run, any that somebody has taken are chosen anew."""
        ours = _PORTS[self.name] if self.running() else self._still_ours()
        return ports.of(f"{self.name}-{self.role}", _PORTS[self.name], ours)

    def _still_ours(self):
        """Purposes whose ports a helper of ours may hold although the server is gone."""
        return ()

    def new_address(self):
        """The address to be written down before a start."""
        return {"host": HOST, "port": self.ports()["port"]}

    def running(self):
        return self.process.pid is not None

    def start(self, settings=None):
        if self.running():
            return
        if not starts_here:
            return _through_the_command_line(self.name, self.role, settings)
        with state.lock(f"start-{self.name}-{self.role}"):
            if self.running():
                return
            with state.changing() as record:
                address = self.new_address()
                record.setdefault("addresses", {}).setdefault(self.role, {})[self.name] = address
                extra = record.setdefault("settings", {}).setdefault(self.role, {})
                if settings is not None:
                    extra[self.name] = dict(settings)
                settings = extra.get(self.name, {})
            self.home.mkdir(parents=True, exist_ok=True)
            self._keep_log_small()
            self.changed = False
            self._launch(settings)

    def _launch(self, settings):
        raise NotImplementedError

    def stop(self):
        self.process.end()

    def kill(self):
        self.process.kill()

    def pause(self):
        if not self.process.signal(signal.SIGSTOP):
            raise Trouble(
                f"{self.called} does not run, so it cannot be frozen: run `python3 -m workbook up`."
            )

    def resume(self):
        self.process.signal(signal.SIGCONT)

    def wipe(self):
        if self.running():
            raise Trouble(
                f"{self.called} is running: `python3 -m workbook down --wipe` stops it and removes its data."
            )
        shutil.rmtree(self.data, ignore_errors=True)

    def log_tail(self, lines=15):
        try:
            text = self.log.read_text(errors="replace")
        except FileNotFoundError:
            return ""
        return "\n".join(text.rstrip().splitlines()[-lines:])

    def _keep_log_small(self):
        # Logs are appended to, so that the end of the last run can still be read; they must not grow for
        # ever.
        if self.log.exists() and self.log.stat().st_size > 5_000_000:
            self.log.replace(self.log.with_name("log.old"))

    def _write(self, name, text):
        file = self.home / name
        try:
            file.write_text(text)
        except OSError as error:
            raise Trouble(
                f"cannot write {file.name} for {self.called} ({error.strerror}): free some disk space."
            ) from None
        return file


class NativeRedis(NativeInstance):
    """redis-server with a settings file of its own."""

    def _launch(self, settings):
        self.data.mkdir(exist_ok=True)
        lines = [
            (SETTINGS / "redis.conf").read_text(),
            f"bind {HOST}",
            f"port {self.address['port']}",
            "protected-mode yes",
            "daemonize no",
            # Relative, because the folder is its working directory: a path with a quote in it would need
            # escaping.
            "dir .",
            *(f"{key} {value if value else _EMPTY}" for key, value in settings.items()),
        ]
        self._write("redis.conf", "\n".join(lines) + "\n")
        self.process.spawn([install.program("redis-server"), "../redis.conf"], self.log, cwd=self.data)

    def version(self):
        return _first(r"v=([\d.]+)", _output([install.program("redis-server"), "--version"]))


_EMPTY = '""'


class NativeRabbitMQ(NativeInstance):
    """An Erlang node of our own, with an epmd (Erlang's name server) of its own."""

    def __init__(self, name, role="shared"):
        super().__init__(name, role)
        self.epmd = Process(self.home / "epmd.json")

    @property
    def home(self):
        # RabbitMQ's shell scripts split unquoted paths at spaces, and Erlang's start arguments are read in
        # Latin-1: with such a path to the checkout, its folder is elsewhere, named after the checkout.
        usual = super().home
        if re.fullmatch(r"[A-Za-z0-9/._+-]+", str(usual)):
            return usual
        name = f"workbook-{hashlib.sha256(str(paths.ROOT).encode()).hexdigest()[:12]}"
        for base in (os.environ.get("XDG_CACHE_HOME"), Path.home() / ".cache", tempfile.gettempdir(), "/tmp"):
            if base and re.fullmatch(r"/[A-Za-z0-9/._+-]+", str(base)):
                return Path(base) / name / f"{self.name}-{self.role}"
        raise Trouble(
            "no folder without spaces or accents can be written: set XDG_CACHE_HOME to such a folder."
        )

    @property
    def node(self):
        """The Erlang node's name, unlike any other checkout's; by number, because a machine may not know its
        own name.
        """
        return f"workbook-{short_name(paths.ROOT)}-{self.role}@{HOST}"

    def new_address(self):
        chosen = self.ports()
        kept = {
            purpose: chosen[purpose] for purpose in ("port", "management_port", "mqtt_port", "stomp_port")
        }
        return {"host": HOST, **kept, "user": "guest", "password": "guest"}

    def _environment(self):
        chosen = self.ports()
        environment = {
            key: value for key, value in os.environ.items() if not key.startswith(("RABBITMQ_", "ERL_"))
        }
        environment.update(
            HOME=str(self.home),  # the cookie lives there
            LC_ALL="C.UTF-8",
            ERL_EPMD_PORT=str(chosen["epmd"]),
            ERL_EPMD_ADDRESS=HOST,
            RABBITMQ_NODENAME=self.node,
            RABBITMQ_USE_LONGNAME="true",  # a name with dots after the @
            RABBITMQ_NODE_IP_ADDRESS=HOST,
            RABBITMQ_NODE_PORT=str(chosen["port"]),
            RABBITMQ_DIST_PORT=str(chosen["distribution"]),
            RABBITMQ_CONF_ENV_FILE=str(self.home / "no-such-file"),
            RABBITMQ_CONFIG_FILE=str(self.home / "rabbitmq.conf"),
            RABBITMQ_ADVANCED_CONFIG_FILE=str(self.home / "no-such-file.config"),
            RABBITMQ_ENABLED_PLUGINS_FILE=str(self.home / "enabled_plugins"),
            RABBITMQ_MNESIA_BASE=str(self.data),
            RABBITMQ_LOG_BASE=str(self.home / "logs"),
            RABBITMQ_LOGS="-",
            RABBITMQ_PID_FILE=str(self.home / "rabbitmq.pid"),
            # Nodes talk on this interface alone. The syslog library, which is started though nothing is sent
            # to it, would open a UDP socket on every interface; over TCP it opens none.
            RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=(
                "-kernel inet_dist_use_interface {127,0,0,1} -syslog protocol {rfc5424,tcp}"
            ),
            # With input allowed the script becomes the server (exec) instead of a shell that waits for it, so
            # that the process we know is the one that must be killed; -noinput then keeps the Erlang shell
            # away.
            RABBITMQ_ALLOW_INPUT="1",
            RABBITMQ_SERVER_START_ARGS="-noinput",
        )
        return environment

    def _launch(self, settings):
        chosen = self.ports()
        self.data.mkdir(exist_ok=True)
        lines = [
            (SETTINGS / "rabbitmq.conf").read_text(),
            f"listeners.tcp.1 = {HOST}:{chosen['port']}",
            f"management.tcp.ip = {HOST}",
            f"management.tcp.port = {chosen['management_port']}",
            f"mqtt.listeners.tcp.1 = {HOST}:{chosen['mqtt_port']}",
            f"stomp.listeners.tcp.1 = {HOST}:{chosen['stomp_port']}",
            *(f"{key} = {value}" for key, value in settings.items()),
        ]
        self._write("rabbitmq.conf", "\n".join(lines) + "\n")
        self._write("enabled_plugins", (SETTINGS / "enabled_plugins").read_text())
        environment = self._environment()
        if self.epmd.pid is None:
            # Erlang would start one by itself, in the background where nobody could find it to stop it.
            self.epmd.spawn(
                [install.program("epmd"), "-address", HOST, "-port", chosen["epmd"]],
                self.home / "epmd.log",
                environment,
            )
        self.process.spawn([install.rabbitmq_script("rabbitmq-server")], self.log, environment, cwd=self.home)

    def _still_ours(self):
        return ("epmd",) if self.epmd.pid is not None else ()

    def stop(self):
        super().stop()
        self.epmd.end()

    def kill(self):
        super().kill()
        self.epmd.kill()

    def wipe(self):
        super().wipe()
        if super().home != self.home:
            shutil.rmtree(self.home, ignore_errors=True)

    def version(self):
        found = re.search(
            r"rabbitmq_server-([\d.]+)", str(install.rabbitmq_script("rabbitmq-server").resolve())
        )
        return found.group(1) if found else "unknown"

    def ctl(self, *arguments, timeout=30):
        """Run rabbitmqctl against this node; its output. About two seconds: an Erlang machine starts for it.

        A command that changes a setting is noted: the next holder of a crash-test instance gets a restarted
        one.
        """
        if arguments[0] == "eval" or arguments[0].startswith(("set_", "add_", "change_")):
            self.changed = True
        command = [str(install.rabbitmq_script("rabbitmqctl")), "-n", self.node, *arguments]
        done = subprocess.run(
            command,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        if done.returncode:
            raise Trouble(f"rabbitmqctl {arguments[0]} failed: {(done.stderr or done.stdout).strip()[-300:]}")
        return done.stdout


class NativeKafka(NativeInstance):
    """One Java process: broker and controller in one."""

    heap = ("-Xms256m", "-Xmx512m")

    def _still_ours(self):
        # The lost-reply proxy may be listening while its Kafka is down.
        return ("proxy_port",)

    def new_address(self):
        chosen = self.ports()
        return {
            "host": HOST,
            **{purpose: chosen[purpose] for purpose in ("port", "proxied_port", "proxy_port")},
        }

    def properties(self, settings):
        """The whole settings file of a node."""
        chosen = self.ports()
        return (
            "\n".join(
                [
                    (SETTINGS / "kafka.properties").read_text(),
                    f"listeners=CLIENT://{HOST}:{chosen['port']},PROXIED://{HOST}:{chosen['proxied_port']},"
                    f"CONTROLLER://{HOST}:{chosen['controller']}",
                    f"advertised.listeners=CLIENT://{HOST}:{chosen['port']},PROXIED://{HOST}:{chosen['proxy_port']}",
                    f"controller.quorum.voters=1@{HOST}:{chosen['controller']}",
                    # Relative to its working directory: a properties file is read as Latin-1.
                    "log.dirs=data",
                    *(f"{key}={value}" for key, value in settings.items()),
                ]
            )
            + "\n"
        )

    options = None
    """Extra options for Java; None means the class-data archive if there is one."""

    def _launch(self, settings):
        self._write("kafka.properties", self.properties(settings))
        shutil.copy(install.LOG4J, self.home)
        if not (self.data / "meta.properties").exists():
            self._format()
        self.process.spawn(
            install.java_command("kafka.Kafka", "kafka.properties", heap=self.heap, options=self.options),
            self.log,
            install.java_environment(),
            cwd=self.home,
        )

    node_id = 1

    def new_cluster(self):
        """The identity of the cluster that a freshly formatted folder belongs to."""
        return _kafka_id()

    def _format(self):
        """Give an empty data folder its identity, as Kafka demands before a first start.

        Formatting takes a Java start. It is done once; every later empty folder is a copy under an identity
        of its own.
        """
        shutil.rmtree(self.data, ignore_errors=True)
        pattern = install.formatted()
        if not pattern.exists():
            self._run_format()
            fresh = pattern.with_name(f"{pattern.name}.{os.getpid()}")
            shutil.move(self.data, fresh)
            fresh.rename(pattern)
        shutil.copytree(pattern, self.data)
        identity = self.data / "meta.properties"
        text = identity.read_text()
        for key, value in (
            ("cluster", self.new_cluster()),
            ("directory", _kafka_id()),
            ("node", self.node_id),
        ):
            text = re.sub(rf"(?m)^{key}\.id=.*$", f"{key}.id={value}", text)
        identity.write_text(text)

    def _run_format(self):
        command = install.java_command(
            "kafka.tools.StorageTool", "format", "-t", _kafka_id(), "-c", "kafka.properties"
        )
        done = subprocess.run(
            command,
            env=install.java_environment(),
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            raise Trouble(f"Kafka could not format its data folder: {done.stdout.strip()[-300:]}")

    def version(self):
        return install.kafka_version()


class KafkaForArchive(NativeKafka):
    """A Kafka that is started once, so that Java writes down the classes it loads into
    `.workbook/kafka/<archive>`.
    """

    def __init__(self, archive):
        super().__init__("kafka", "archive")
        self.options = [f"-XX:ArchiveClassesAtExit=../../kafka/{archive}"]


def _kafka_id():
    """A new identity as Kafka writes it: 16 random bytes in URL-safe base 64."""
    while True:
        identity = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        # One that begins with a dash looks like an option to Kafka's tools; Kafka's own generator avoids it too.
        if not identity.startswith("-"):
            return identity


def short_name(path):
    """A short name for a path."""
    return hashlib.sha256(str(path).encode()).hexdigest()[:8]


def _output(command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout


def _first(pattern, text):
    found = re.search(pattern, text)
    return found.group(1) if found else "unknown"


_CLASSES = {"redis": NativeRedis, "rabbitmq": NativeRabbitMQ, "kafka": NativeKafka}


def instance(name, role="shared"):
    """The native Instance of a broker."""
    if name in _CLASSES:
        return _CLASSES[name](name, role)
    from workbook.brokers import extras

    return extras.instance(name, role)


def prepare(progress):
    """Install what is missing, or say what to install."""
    install.native(progress)


def prepare_extras(names):
    """Install what the brokers of single labs need beside that."""
    if "activemq" in names and install.find("activemq") is None:
        install.packages(["activemq"])


def addresses():
    """The addresses of every instance, before any of them runs: {role: {name: address}}."""
    return {
        role: {name: instance(name, role).new_address() for name in _CLASSES} for role in ("shared", "crash")
    }
