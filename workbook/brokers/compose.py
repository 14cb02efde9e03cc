"""The compose backend: the same servers in containers, in a compose project of this checkout's own.

What docker-compose.yml leaves open is written to `.workbook/compose.env`: the project's name, the ports,
which settings file each service reads. Every command names that project, so nothing else on the engine is
ever addressed.
"""

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from workbook import paths
from workbook.brokers import ports, probes, state
from workbook.brokers.base import NAMES, ROLES, Instance
from workbook.trouble import Trouble

HOST = "127.0.0.1"
FILE = paths.ROOT / "docker-compose.yml"
SETTINGS = paths.ROOT / "workbook" / "brokers" / "settings"

_PORTS = {
    "redis": ("port",),
    "rabbitmq": ("port", "management_port", "mqtt_port", "stomp_port"),
    "kafka": ("port", "proxied_port", "proxy_port"),
    "kafka-cluster": ("1_port", "2_port", "3_port"),
    "activemq": ("port", "mqtt_port", "openwire_port"),
}

_SETTINGS_FILES = {"redis": "redis.conf", "rabbitmq": "rabbitmq.conf", "kafka": "kafka.properties"}

_LINES = {
    "redis": lambda key, value: f"{key} {value if value else _EMPTY}",
    "rabbitmq": lambda key, value: f"{key} = {value}",
    "kafka": lambda key, value: f"{key}={value}",
}

_EMPTY = '""'

PROFILES = ("crash", "kafka3", "activemq")


# What this machine offers -----------------------------------------------------------------------------------


def available(deadline=8.0):
    """(whether brokers can run in containers here, why or why not), within about `deadline` seconds."""
    end = time.monotonic() + deadline
    if not shutil.which("docker"):
        return False, "no docker command here"
    try:
        _engine(max(1.0, end - time.monotonic()))
        _compose_version(max(1.0, end - time.monotonic()))
        missing = _missing_images(max(1.0, end - time.monotonic()))
        if missing:
            _can_be_pulled(missing, max(1.0, end - time.monotonic()))
            return True, f"a container engine answers, {len(missing)} images will be pulled"
    except Trouble as trouble:
        return False, str(trouble)
    return True, "a container engine answers and the images are here"


def _engine(seconds=8.0):
    """The engine's version; Trouble when there is none to be used."""
    done = _run("docker", "version", "--format", "{{.Server.Version}}", seconds=seconds, check=False)
    if done is None:
        raise Trouble(
            f"the container engine gives no answer within {seconds:.0f} s: restart it or use --backend native"
        )
    if done.returncode:
        raise Trouble(_why(done.stderr))
    where = os.environ.get("DOCKER_HOST", "")
    if where.startswith(("tcp:", "ssh:", "http")) and not re.search(r"//(127\.|localhost\b|\[::1\])", where):
        raise Trouble(
            "DOCKER_HOST names another machine, whose ports are not here: unset it or use --backend native."
        )
    return done.stdout.strip()


def _compose_version(seconds=8.0):
    done = _run("docker", "compose", "version", "--short", seconds=seconds, check=False)
    if done is None or done.returncode or not re.match(r"v?([2-9]|\d\d)\.", done.stdout.strip()):
        raise Trouble(
            "docker compose 2 or newer is missing: install the compose plugin or use --backend native."
        )
    return done.stdout.strip()


def images(names=NAMES):
    """The image that each broker's service uses, {name: image}."""
    services = _configuration()["services"]
    return {name: services[_services(name, "shared")[0]]["image"] for name in names}


def _configuration():
    return json.loads(_compose("config", "--format", "json", what="reading docker-compose.yml").stdout)


def _missing_images(seconds):
    wanted = sorted(set(images().values()))
    done = _run("docker", "image", "inspect", "--format", "{{.Id}}", *wanted, seconds=seconds, check=False)
    if done is None:
        raise Trouble(
            f"the container engine gives no answer within {seconds:.0f} s: restart it or use --backend native"
        )
    return (
        [image for image in wanted if f" {image}\n" in done.stderr.replace("'", "") + "\n"]
        if done.returncode
        else []
    )


def _can_be_pulled(wanted, seconds):
    with ThreadPoolExecutor(len(wanted)) as pool:
        asked = pool.map(
            lambda image: _run("docker", "manifest", "inspect", image, seconds=seconds, check=False), wanted
        )
        for image, done in zip(wanted, asked):
            if done is None or done.returncode:
                raise Trouble(
                    f"the image {image} is not here and its registry cannot be reached: {_IMAGE_REMEDY}"
                )


_IMAGE_REMEDY = (
    "pull it where there is a network, name another one in WORKBOOK_REDIS_IMAGE, WORKBOOK_RABBITMQ_IMAGE or "
    "WORKBOOK_KAFKA_IMAGE, or use --backend native."
)


# Commands ---------------------------------------------------------------------------------------------------


def project():
    """The compose project of this checkout; another checkout has another."""
    return "workbook-" + hashlib.sha256(str(paths.STATE).encode()).hexdigest()[:8]


def variables_file():
    """The file with the variables of this checkout; `docker compose --env-file` takes it, by hand too."""
    return paths.STATE / "compose.env"


def _environment():
    """The caller's variables without those that would lead compose elsewhere; images may still be named."""
    ours = re.compile(r"COMPOSE_|WORKBOOK_(?!\w*_IMAGE$)")
    return {key: value for key, value in os.environ.items() if not ours.match(key)}


def _run(*command, seconds=120.0, check=True, what=None):
    """Run a docker command; None when it takes longer than `seconds` and the failure is the caller's to word.

    In a session of its own, because an interrupted kernel must not leave half a command behind.
    """
    try:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=paths.ROOT,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            start_new_session=True,
        )
    except FileNotFoundError:
        raise Trouble("no docker command here: install Docker or use --backend native.") from None
    except subprocess.TimeoutExpired:
        if not check:
            return None
        raise Trouble(
            f"{what or 'docker'} took longer than {seconds:.0f} s: restart the container engine."
        ) from None
    if check and done.returncode:
        raise Trouble(_why(done.stderr or done.stdout, what))
    return done


def _compose(*arguments, **how):
    command = [
        "docker",
        "compose",
        "--project-name",
        project(),
        "--project-directory",
        paths.ROOT,
        "--file",
        FILE,
    ]
    if variables_file().exists():
        command += ["--env-file", variables_file()]
    for profile in PROFILES:
        command += ["--profile", profile]
    return _run(*command, *arguments, **how)


_REASONS = (
    (r"Cannot connect to the Docker daemon|docker daemon is not running|error during connect",
     "Docker is installed but its engine does not run: start it (Docker Desktop, or `sudo systemctl start "
     "docker`) or use --backend native."),
    (r"permission denied.*(docker|sock)",
     "Docker's engine does not let this user in: add the user to the group docker and log in again, or use "
     "--backend native."),
    (r"(?:port is already allocated|address already in use|ports are not available)",
     "a port that was free a moment ago{port} has been taken by another program: run the command again, it "
     "chooses another one."),
    (r"pull access denied|manifest (?:unknown|for)|not found: manifest|no such host|failed to resolve|"
     r"i/o timeout|toomanyrequests|TLS handshake|No such image|dial tcp",
     f"an image is not here and cannot be pulled: {_IMAGE_REMEDY}"),
    (r"no space left on device",
     "the container engine's disk is full: free some space (`docker system df` shows what it holds)."),
    (r"could not find an available,? non-overlapping IPv4|all predefined address pools",
     "the container engine has no address range left for another network: remove unused ones "
     "(`docker network prune`)."),
    (r"'compose' is not a docker command|unknown (?:shorthand )?flag|unknown command: docker compose",
     "docker compose 2 or newer is missing: install the compose plugin or use --backend native."),
)  # fmt: skip


def _why(text, what=None):
    """One sentence for what docker said."""
    for pattern, sentence in _REASONS:
        if re.search(pattern, text, re.IGNORECASE):
            port = re.search(r"(?:127\.0\.0\.1|0\.0\.0\.0):(\d+)", text)
            return sentence.format(port=f" ({port.group(1)})") if "{port}" in sentence else sentence
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    said = lines[-1][:300] if lines else "nothing"
    return f"{what or 'docker'} failed ({said}): see `python3 -m workbook doctor` or use --backend native."


# Services, ports, the variables that docker-compose.yml asks for --------------------------------------------


def _services(name, role):
    """The compose services of one instance."""
    if name == "kafka-cluster":
        return ("kafka-1", "kafka-2", "kafka-3")
    return (name if role == "shared" else f"{name}-{role}",)


def _running():
    """The services of this checkout's project that run (a frozen one does): one question to the engine."""
    template = '{{.Label "com.docker.compose.service"}}'
    done = _run("docker", "ps", "--filter", f"label=com.docker.compose.project={project()}",
                "--format", template, seconds=20, what="asking the container engine")  # fmt: skip
    return set(done.stdout.split())


def _every():
    """(name, role) of every instance."""
    return [(name, role) for role in ROLES for name in NAMES] + [
        ("kafka-cluster", "shared"),
        ("activemq", "shared"),
    ]


def _ports(name, role, running):
    if all(service in running for service in _services(name, role)):
        return ports.of(f"compose-{name}-{role}", _PORTS[name], ours=_PORTS[name])
    # The lost-reply proxy may be listening while its Kafka is down.
    return ports.of(f"compose-{name}-{role}", _PORTS[name], ours=("proxy_port",))


def addresses():
    """The address of every instance, before any of them runs: {role: {name: address}}."""
    running = _running()
    found = {role: {} for role in ROLES}
    for name, role in _every():
        found[role][name] = _address(name, _ports(name, role, running))
    _write_variables(running)
    return found


def _address(name, chosen):
    if name == "kafka-cluster":
        servers = [f"{HOST}:{port}" for port in chosen.values()]
        return {"host": HOST, "port": chosen["1_port"], "servers": servers, "brokers": 3}
    address = {"host": HOST, **chosen}
    if name == "rabbitmq":
        address.update(user="guest", password="guest")
    return address


def _write_variables(running=None):
    """Write `.workbook/compose.env`, and the settings files that it names, from what was decided so far."""
    running = _running() if running is None else running
    variables = {"COMPOSE_PROJECT_NAME": project(), "WORKBOOK_CHECKOUT": project(),
                 # Readiness is asked by clients of ours; a check by the engine is for people who look at
                 # `docker ps`.
                 "WORKBOOK_HEALTH_INTERVAL": "10s"}  # fmt: skip
    for name, role in _every():
        prefix = f"WORKBOOK_{'KAFKA' if name == 'kafka-cluster' else name.upper()}"
        prefix += "" if role == "shared" else "_CRASH"
        for purpose, port in _ports(name, role, running).items():
            variables[f"{prefix}_{purpose.upper()}"] = port
        if name in _SETTINGS_FILES:
            file = _settings_file(name, role)
            if not file.exists():
                _write_settings(name, role, state.settings(name, role))
            # Relative, because a path may hold what the file of variables would need quoted.
            variables[f"{prefix}_SETTINGS"] = f"./{os.path.relpath(file, paths.ROOT)}"
    text = "".join(f"{key}={value}\n" for key, value in variables.items())
    file = variables_file()
    if not file.exists() or file.read_text() != text:
        fresh = file.with_name(f"compose.env.{os.getpid()}.{threading.get_ident()}")
        fresh.write_text(text)
        os.replace(fresh, file)


def _settings_file(name, role):
    return paths.STATE / "compose" / (_services(name, role)[0] + Path(_SETTINGS_FILES[name]).suffix)


def _write_settings(name, role, extra):
    """The one settings file of this broker, and the extra lines of this start after it."""
    file = _settings_file(name, role)
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = [(SETTINGS / _SETTINGS_FILES[name]).read_text().rstrip("\n")]
    lines += [_LINES[name](key, value) for key, value in extra.items()]
    # In place: a container that exists has this very file mounted.
    file.write_text("\n".join(lines) + "\n")
    file.chmod(0o644)  # the server in its container is another user


# Everything at once -----------------------------------------------------------------------------------------


def prepare(progress):
    """Have the images and the network, or raise Trouble."""
    _engine()
    _compose_version()
    wanted = _missing_images(20.0)
    if wanted:
        progress(f"  pulling {', '.join(wanted)} (once)")
        _compose("pull", "--quiet", *NAMES, seconds=3600, what="pulling images")


def start_all(instances):
    """Start several services with one command: side by side, and without a race for the network."""
    for broker in instances:
        if broker.name in _SETTINGS_FILES and not broker.running():
            _write_settings(broker.name, broker.role, broker.settings())
    _write_variables()
    _up(*(service for broker in instances for service in broker.services))


def _up(*services):
    with state.lock("compose"):
        _compose(
            "up", "--detach", "--no-deps", "--quiet-pull", *services, seconds=300, what="starting containers"
        )


def stop_all(wipe=False):
    """Stop this checkout's containers and remove them with their network; `wipe` removes their data too."""
    with state.lock("compose"):
        _compose(
            "down",
            "--timeout",
            "30",
            *(["--volumes"] if wipe else []),
            seconds=180,
            what="stopping containers",
        )


def instance(name, role="shared"):
    """The compose Instance of a broker."""
    return ComposeInstance(name, role)


# One service ------------------------------------------------------------------------------------------------


class ComposeInstance(Instance):
    """One service of docker-compose.yml (three of them for the cluster)."""

    backend = "compose"

    @property
    def services(self):
        """Its services' names in docker-compose.yml."""
        return _services(self.name, self.role)

    def running(self):
        running = _running()
        return all(service in running for service in self.services)

    def start(self, settings=None):
        if self.running():
            return
        with state.lock(f"start-{self.name}-{self.role}"):
            chosen = _ports(self.name, self.role, set())
            with state.changing() as record:
                address = _address(self.name, chosen)
                record.setdefault("addresses", {}).setdefault(self.role, {})[self.name] = address
                extra = record.setdefault("settings", {}).setdefault(self.role, {})
                if settings is not None:
                    extra[self.name] = dict(settings)
                settings = extra.get(self.name, {})
            if self.name in _SETTINGS_FILES:
                _write_settings(self.name, self.role, settings)
            _write_variables()
            _up(*self.services)

    def stop(self):
        self.resume()
        _compose("stop", "--timeout", "30", *self.services, seconds=90, what=f"stopping {self.called}")

    def kill(self):
        if self._states():
            _compose("kill", "--signal", "KILL", *self.services, seconds=30, what=f"killing {self.called}")

    def pause(self):
        if not self.running():
            raise Trouble(
                f"{self.called} does not run, so it cannot be frozen: run `python3 -m workbook up`."
            )
        if "paused" not in self._states():
            _compose("pause", *self.services, seconds=30, what=f"freezing {self.called}")

    def resume(self):
        if "paused" in self._states():
            _compose("unpause", *self.services, seconds=30, what=f"thawing {self.called}")

    def wipe(self):
        if self._states() & {"running", "paused"}:
            raise Trouble(
                f"{self.called} is running: `python3 -m workbook down --wipe` stops it and removes its data."
            )
        _compose("rm", "--force", "--stop", *self.services, seconds=60, what=f"removing {self.called}")
        volumes = [f"{project()}_{service}" for service in self.services]
        _run(
            "docker",
            "volume",
            "rm",
            "--force",
            *volumes,
            seconds=60,
            what=f"removing the data of {self.called}",
        )

    def ctl(self, *arguments, timeout=30):
        """Run rabbitmqctl inside the container; its output. A changed setting is noted, as natively."""
        if arguments[0] == "eval" or arguments[0].startswith(("set_", "add_", "change_")):
            self.changed = True
        done = _compose("exec", "-T", self.services[0], "rabbitmqctl", *arguments, seconds=timeout,
                        what=f"rabbitmqctl {arguments[0]}")  # fmt: skip
        return done.stdout

    def log_tail(self, lines=15):
        done = _compose(
            "logs", "--no-color", "--no-log-prefix", "--tail", lines, *self.services, seconds=30, check=False
        )
        text = "" if done is None else done.stdout
        return "\n".join(text.replace("\x1b[2K", "").rstrip().splitlines()[-lines:])

    def version(self):
        """As the running server says itself; for Kafka, which does not say, its jar's."""
        try:
            if self.name == "redis":
                return _redis_version(self.address)
            if self.name == "rabbitmq":
                return probes.management(self.address, "/api/overview")["rabbitmq_version"]
        except (OSError, KeyError):
            return "unknown"
        where, pattern = _VERSIONED[self.name]
        done = _compose("exec", "-T", self.services[0], "sh", "-c", f"ls -R {where}", seconds=30, check=False)
        found = re.search(pattern, done.stdout) if done else None
        return found.group(1) if found else "unknown"

    def _states(self):
        """The states that its containers are in: running, paused, exited …"""
        template = '{{.Label "com.docker.compose.service"}} {{.State}}'
        done = _run("docker", "ps", "--all", "--filter", f"label=com.docker.compose.project={project()}",
                    "--format", template, seconds=20, what="asking the container engine")  # fmt: skip
        rows = [line.split() for line in done.stdout.splitlines()]
        return {row[1] for row in rows if row[0] in self.services}


_VERSIONED = {
    "kafka": ("/opt/kafka/libs", r"kafka-clients-([\d.]+)\.jar"),
    "kafka-cluster": ("/opt/kafka/libs", r"kafka-clients-([\d.]+)\.jar"),
    "activemq": ("/opt/apache-activemq/lib", r"activemq-broker-([\d.]+\d)[^/]*\.jar"),
}


def _redis_version(address):
    with socket.create_connection((address["host"], address["port"]), 2) as connection:
        connection.settimeout(2)
        connection.sendall(b"INFO server\r\n")
        text = connection.recv(65536).decode(errors="replace")
    found = re.search(r"redis_version:([\d.]+)", text)
    return found.group(1) if found else "unknown"
