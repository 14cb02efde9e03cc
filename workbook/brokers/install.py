"""What the native backend needs on the machine: found, installed where that is allowed, or named exactly."""

import contextlib
import errno
import functools
import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from workbook import paths
from workbook.brokers import state
from workbook.say import step
from workbook.trouble import Trouble

KAFKA = paths.STATE / "kafka"
JARS = KAFKA / "jars"
POM = Path(__file__).parent / "kafka" / "pom.xml"
LOG4J = Path(__file__).parent / "kafka" / "log4j2.properties"

_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"

_PACKAGES = {
    "redis-server": "redis-server",
    "rabbitmq-server": "rabbitmq-server",
    "java": "default-jre-headless",
    "mvn": "maven",
    "activemq": "activemq",
}
"""Debian's package for each program."""

_TITLES = {
    "redis-server": "Redis",
    "rabbitmq-server": "RabbitMQ",
    "java": "Java 17 or newer",
    "mvn": "Maven",
    "activemq": "ActiveMQ",
}

_BREW = "brew install redis rabbitmq openjdk maven"

_MORE_FOLDERS = (
    "/usr/sbin",
    "/usr/local/sbin",
    "/opt/homebrew/bin",
    "/opt/homebrew/sbin",
    "/opt/homebrew/opt/openjdk/bin",
    "/opt/homebrew/opt/rabbitmq/sbin",
    "/usr/local/opt/openjdk/bin",
    "/usr/local/opt/rabbitmq/sbin",
)
"""Where programs live that are not in everybody's PATH: servers on Debian, Homebrew's on macOS."""


def find(name):
    """The path of a program, or None."""
    if name == "rabbitmq-server":
        return _rabbitmq("rabbitmq-server")
    if name == "java":
        return java()
    if name == "epmd":
        return _which("epmd") or next(iter(sorted(glob.glob("/usr/lib/erlang/erts-*/bin/epmd"))), None)
    if name == "activemq":
        return next(iter(activemq_jars()), None)
    return _which(name)


def program(name):
    """The path of a program; Trouble when it is missing."""
    found = find(name)
    if found is None:
        raise Trouble(
            f"{_TITLES.get(name, name)} is missing: run `python3 -m workbook up`, which installs it where it "
            "may."
        )
    return found


def _which(name):
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *_MORE_FOLDERS]))


def _rabbitmq(script):
    # Not the one in the PATH of Debian: that is a wrapper which switches to the user of the system's own
    # server.
    debian = sorted(glob.glob(f"/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/{script}"))
    return debian[-1] if debian else _which(script)


def rabbitmq_script(name):
    """The path of one of RabbitMQ's own scripts; Trouble when it is missing."""
    found = _rabbitmq(name)
    if found is None:
        raise Trouble(
            f"RabbitMQ's {name} is missing: run `python3 -m workbook up`, which installs it where it may."
        )
    return Path(found)


@functools.cache
def _java_version(path):
    done = subprocess.run([path, "-version"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return done.stderr if done.returncode == 0 else ""


def java():
    """The first Java of version 17 or newer, or None: the PATH's, JAVA_HOME's, Homebrew's."""
    home = os.environ.get("JAVA_HOME")
    for candidate in (
        shutil.which("java"),
        home and os.path.join(home, "bin", "java"),
        _which("java"),
        *(os.path.join(folder, "java") for folder in _MORE_FOLDERS if "openjdk" in folder),
    ):
        if candidate and os.access(candidate, os.X_OK):
            major = re.search(r'version "(\d+)', _java_version(candidate))
            if major and int(major.group(1)) >= 17:
                return candidate
    return None


def missing(names=("redis-server", "rabbitmq-server", "java", "mvn")):
    """Which of these programs are not there; Maven is needed only until Kafka's jars are."""
    return [name for name in names if find(name) is None and not (name == "mvn" and jars_complete())]


def remedy(name):
    """The command that installs a program by hand on this system."""
    if sys.platform == "darwin":
        return f"`{_BREW}`"
    if shutil.which("apt-get"):
        return f"`sudo apt-get install --no-install-recommends {_PACKAGES[name]}`"
    return "this system's package manager"


def native(progress=None):
    """Make sure that the three servers can be started; whatever takes long is said with its time."""
    lacking = missing()
    if lacking:
        packages(lacking)
    if not jars_complete():
        with step("Kafka's jars, by Maven"):
            fetch_jars()
    if not archive().exists():
        with step("an archive of Kafka's classes (makes its starts faster)"):
            make_archive()


# --- packages -----------------------------------------------------------------------------------------------


def packages(lacking):
    """Install Debian's packages of these programs without starting or enabling any service."""
    names = [_PACKAGES[name] for name in lacking]
    absent = _listed([_TITLES[name] for name in lacking])
    if sys.platform == "darwin":
        raise Trouble(f"{absent} missing: run `{_BREW}`, then this command again.")
    if shutil.which("apt-get") is None:
        raise Trouble(
            f"{absent} missing, and this system has no apt-get: install with its own package manager, or "
            "start a Docker engine, "
            "then run this command again."
        )
    services = [name for name in ("redis-server", "rabbitmq-server", "activemq") if name in names]
    if "rabbitmq-server" in names and find("epmd") is None:
        services += ["epmd.socket", "epmd.service"]
    apt(names, "the brokers", services)
    still = missing(lacking)
    if still:
        raise Trouble(
            f"{_listed([_TITLES[name] for name in still])} still missing after apt-get: install by hand, "
            "then try again."
        )


def apt(names, what_for, services=()):
    """Install Debian packages, non-interactively; none of their `services` is started or left enabled."""
    wanted = " ".join(names)
    if shutil.which("apt-get") is None:
        raise Trouble(
            f"{what_for} needs what Debian calls {wanted}, and this system has no apt-get: install it with "
            "its own package "
            "manager, then run this command again."
        )
    manual = f"sudo apt-get install --no-install-recommends {wanted}"
    become = _become_root(wanted, what_for, manual)
    with step(f"apt-get install {wanted}"), _no_services(become):
        _run([*become, *_APT_ENV, "apt-get", "-q", "update"], "apt-get update", manual)
        _run(
            [*become, *_APT_ENV, "apt-get", "-q", "-y", "--no-install-recommends", "install", *names],
            "apt-get install",
            manual,
        )
        for service in services:
            _disable(become, service)


def _listed(names):
    return names[0] + " is" if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]} are"


# Non-interactive, and an Erlang name server that a package starts stays on this machine. RUNLEVEL=1 is what
# service scripts ask before they start anything.
_APT_ENV = ["env", "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1", "ERL_EPMD_ADDRESS=127.0.0.1"]


def _become_root(wanted, what_for, manual):
    """The words to put before a command so that it runs as root; asks at a terminal."""
    terminal = sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()
    sudo = []
    if os.geteuid() != 0:
        if shutil.which("sudo") is None:
            raise Trouble(
                f"{wanted} must be installed, and you are not root: have `{manual}` run, then try again."
            )
        passwordless = (
            subprocess.run(["sudo", "-n", "true"], stdin=subprocess.DEVNULL, capture_output=True).returncode
            == 0
        )
        if not passwordless and not terminal:
            raise Trouble(
                f"{wanted} must be installed, and sudo wants a password: run `{manual}`, then try again."
            )
        sudo = ["sudo", "-n"] if passwordless else ["sudo"]
    if terminal:
        answer = input(
            f"  Needed for {what_for}: {wanted}. Install with apt-get now, no service started? [Y/n] "
        )
        if answer.strip().lower() not in ("", "y", "yes"):
            raise Trouble(
                f"nothing installed: run `{manual}` yourself, or start a Docker engine, then try again."
            )
    else:
        print(f"  Needed for {what_for}: {wanted}; installing with apt-get, no service started.", flush=True)
    return sudo


def _run(command, what, manual):
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        why = next(
            (line for line in reversed(done.stdout.splitlines()) if line.startswith("E:")),
            done.stdout[-200:].strip(),
        )
        raise Trouble(f"{what} failed ({why}): run `{manual}` by hand, then try again.")


@contextlib.contextmanager
def _no_services(become):
    """While packages install, the policy that Debian asks before it starts a service says no; then as it
    was.
    """
    policy, aside = "/usr/sbin/policy-rc.d", "/usr/sbin/policy-rc.d.before-workbook"
    had_one = os.path.exists(policy)
    if had_one:
        subprocess.run([*become, "mv", policy, aside], check=True)
    with tempfile.NamedTemporaryFile("w", suffix=".policy") as text:
        text.write("#!/bin/sh\nexit 101\n")
        text.flush()
        subprocess.run([*become, "install", "-m", "755", text.name, policy], check=True)
    try:
        yield
    finally:
        subprocess.run([*become, "rm", "-f", policy], check=True)
        if had_one:
            subprocess.run([*become, "mv", aside, policy], check=True)


def _disable(become, service):
    """A service that came with a package that we installed does not start at the next boot either."""
    for command in (
        ["systemctl", "disable", "--quiet", service],
        ["update-rc.d", service.split(".")[0], "disable"],
    ):
        if _which(command[0]):
            subprocess.run([*become, *command], stdin=subprocess.DEVNULL, capture_output=True)
    # A machine without systemd may get it later, and would then find the service enabled: what enables it is
    # a link.
    links = glob.glob(f"/etc/systemd/system/*.wants/{service}*")
    if links:
        subprocess.run([*become, "rm", "-f", *links], stdin=subprocess.DEVNULL, capture_output=True)


def activemq_jars():
    """ActiveMQ's jars as Debian or Homebrew put them; empty when it is not installed."""
    for home in (
        "/usr/share/activemq",
        "/opt/homebrew/opt/activemq/libexec",
        "/usr/local/opt/activemq/libexec",
    ):
        if glob.glob(f"{home}/lib/activemq-broker*.jar"):
            return [
                jar
                for place in ("", "optional/", "extra/")
                for jar in sorted(glob.glob(f"{home}/lib/{place}*.jar"))
            ]
    return []


# --- Kafka --------------------------------------------------------------------------------------------------


def _holds(pom, folder):
    """Whether `folder` has the jars that `pom` names now."""
    with contextlib.suppress(OSError):
        return (folder / "stamp").read_text() == _stamp(pom)
    return False


def _stamp(pom):
    return hashlib.sha256(pom.read_bytes()).hexdigest()


def jars_complete():
    """Whether .workbook/kafka/jars holds what pom.xml names now."""
    return _holds(POM, JARS)


def fetch_jars():
    """Copy the jars that pom.xml names, and theirs, to .workbook/kafka/jars; all of them or none."""
    copy_jars(POM, JARS, "Kafka")


def copy_jars(pom, folder, what):
    """Have Maven copy the jars that `pom` names, and theirs, to `folder`, unless it has them; all of them or none.

    what: whose they are, for an error. Raises Trouble when Maven can't get them.
    """
    if _holds(pom, folder):
        return
    fresh = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    # Maven is Java too: under LC_ALL=C it could not spell an accent in the path of this checkout.
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [program("mvn"), "-q", "-B", "-f", str(pom), _COPY, "-DincludeScope=runtime", f"-DoutputDirectory={fresh}"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        if "No space left" in done.stdout:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # told like any other full disk
        why = next((line for line in done.stdout.splitlines() if "ERROR" in line), done.stdout[-200:]).strip()
        raise Trouble(
            f"Maven could not fetch {what} ({why[:300]}): check the network and Maven's settings, then try again."
        )
    (fresh / "stamp").write_text(_stamp(pom))
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)


def kafka_version():
    """The version of the Kafka jars, from their name."""
    found = [re.search(r"kafka-server-([\d.]+)\.jar", jar.name) for jar in JARS.glob("kafka-server-*.jar")]
    return next((match.group(1) for match in found if match), "unknown")


def _bound():
    """A short name for what a class-data archive is bound to: this Java and these jars."""
    java_path = program("java")
    jars = [(jar.name, jar.stat().st_size, jar.stat().st_mtime_ns) for jar in sorted(JARS.glob("*.jar"))]
    what = repr((os.path.realpath(java_path), _java_version(java_path), jars))
    return hashlib.sha256(what.encode()).hexdigest()[:12]


def archive():
    """Where the class-data archive is for this Java and these jars; another Java or other jars have another
    one.
    """
    return KAFKA / f"classes-{_bound()}.jsa"


def formatted():
    """Where a freshly formatted data folder is kept, to be copied: formatting takes a Java start of its
    own.
    """
    return KAFKA / f"formatted-{_bound()}"


def java_command(main, *arguments, heap=("-Xmx256m",), options=None):
    """The command for a class of Kafka's, to be run in a folder two below .workbook.

    Paths are relative to there: the archive notes them, and a checkout whose path Java cannot spell works all
    the same.
    """
    if options is None:
        usable = archive().exists() and archive().stat().st_size
        options = [f"-XX:SharedArchiveFile=../../kafka/{archive().name}"] if usable else []
    return [
        program("java"),
        *heap,
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        *options,
        # What is said about an archive that does not fit is of no use to a learner: it then starts without.
        "-Xshare:auto",
        "-Xlog:disable",
        "-Xlog:all=error:stderr",
        "-Dlog4j2.configurationFile=log4j2.properties",
        main,
        *arguments,
    ]


def java_environment():
    """For Java as `java_command` starts it: the jars, and a locale in which it can spell any path."""
    jars = os.pathsep.join(f"../../kafka/jars/{jar.name}" for jar in sorted(JARS.glob("*.jar")))
    environment = {
        key: value for key, value in os.environ.items() if key not in ("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS")
    }
    return {**environment, "LC_ALL": "C.UTF-8", "CLASSPATH": jars}


def make_archive():
    """Start Kafka once on data of no further use, and let Java write down the classes that it loaded."""
    from workbook.brokers import native

    with state.lock("archive", deadline=300.0):
        if archive().exists():
            return
        for old in [*KAFKA.glob("classes-*"), *KAFKA.glob("formatted-*")]:
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        fresh = archive().with_name(f"{archive().name}.new")
        trial = native.KafkaForArchive(fresh.name)
        shutil.rmtree(trial.home, ignore_errors=True)
        try:
            trial.start()
            trial.wait_ready(120.0)
            trial.stop()
        finally:
            trial.kill()
            shutil.rmtree(trial.home, ignore_errors=True)
        if fresh.exists():
            fresh.rename(archive())
        else:
            archive().touch()  # this Java writes none: empty means that there is none to be had
