"""A Docker engine of the tests' own, with images of the same servers built under tags of the tests' own.

    python tests/compose/engine.py up       # engine, compose, images; prints where the variables are
    python tests/compose/engine.py down     # ends the engine; what was built stays for the next time
    python tests/compose/engine.py status

Machines that run these tests often have no engine, and no registry to pull from. On Debian as root this
script makes both: Debian's engine unpacked into .workbook/engine (nothing is installed, no service is
touched), and images built from Debian 13's packages and from the Kafka jars of the native backend. The engine
has its own socket, data, container runtime and address range, uses no packet filter rules, and is ended by
its process id: an engine that the user runs is never seen.

Standard library only.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import platform
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from workbook.say import note, step  # noqa: E402
from workbook.trouble import Trouble  # noqa: E402

HERE = Path(__file__).resolve().parent
HOME = ROOT / ".workbook" / "engine"
TREE = HOME / "tree"
"""Where Debian's packages are unpacked: the engine, its runtime, the compose plugin."""

# Sockets live under /run: a socket's path may have 108 characters at most, a checkout's path may have more.
RUN = Path("/run") / ("workbook-" + hashlib.sha256(str(ROOT).encode()).hexdigest()[:10])
SOCKET = RUN / "docker.sock"
ENV_FILE = HOME / "env"

SUITE = "trixie"
"""Debian 13: the newest RabbitMQ and Redis that Debian has, and the first docker-compose of line 2."""

IMAGES = ("redis", "rabbitmq", "kafka", "activemq")
TAG = "workbook-test/{}:debian13"
BASE = TAG.format("base")


# What this machine can do -----------------------------------------------------------------------------------


def why_not():
    """One sentence saying why no engine can be made here, or None."""
    if (
        platform.system() != "Linux"
        or not Path("/etc/debian_version").exists()
        or _release().get("ID") != "debian"
    ):
        return "an engine of our own is made from Debian's packages, and this is not Debian"
    if os.geteuid() != 0:
        return "an engine of our own has to be started by root"
    if not shutil.which("apt-get"):
        return "an engine of our own is fetched with apt-get, which is not here"
    return None


def _release():
    pairs = (line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    return {key: value.strip('"') for key, value in pairs}


# Debian's packages, unpacked --------------------------------------------------------------------------------


def _call(*command, what, **how):
    """Run a command to its end; its output only shows when it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        **how,
    )
    if done.returncode:
        tail = "\n".join(done.stdout.strip().splitlines()[-15:])
        raise Trouble(f"{what} failed ({Path(str(command[0])).name} ended with {done.returncode}):\n{tail}")
    return done.stdout


class Packages:
    """Fetches packages of one Debian release with apt's own clients, into lists and a cache of our own.

    The mirror is whichever one this machine's apt configuration names for its own release.
    """

    def __init__(self, suite):
        self.suite = suite
        self.place = HOME / "apt" / suite
        for part in ("lists/partial", "cache/archives/partial", "empty"):
            (self.place / part).mkdir(parents=True, exist_ok=True)
        sources = "".join(
            f"deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {uri} {release} main\n"
            for uri, release in self._origins()
        )
        (self.place / "sources.list").write_text(sources)

    def _origins(self):
        own = _release()["VERSION_CODENAME"]
        rows = _call(
            "apt-get",
            "indextargets",
            "--format",
            "$(REPO_URI)|$(RELEASE)|$(COMPONENT)",
            "Created-By: Packages",
            what="reading this machine's apt configuration",
        )
        rows = [row.split("|") for row in rows.split()]
        ours = [
            (uri, release)
            for uri, release, component in rows
            if component == "main" and release.startswith(own)
        ]
        if not ours:
            raise Trouble(
                f"apt is configured without Debian's own packages ({own} main): add them to its sources"
            )
        if self.suite == own:
            return sorted(set(ours))
        return sorted({(uri, self.suite) for uri, release in ours if release == own})

    def mirror(self):
        """The address of the mirror, for debootstrap."""
        return (self.place / "sources.list").read_text().split()[2]

    def apt(self, *arguments, **how):
        """Run apt-get on this release."""
        return _call(
            "apt-get", "-q", "-y",
            "-o", f"Dir::Etc::sourcelist={self.place}/sources.list",
            "-o", f"Dir::Etc::sourceparts={self.place}/empty",
            "-o", f"Dir::State::lists={self.place}/lists",
            "-o", f"Dir::Cache={self.place}/cache",
            "-o", "APT::Sandbox::User=root",
            "-o", "Acquire::Retries=3",
            *arguments,
            what="fetching Debian's packages",
            **how,
        )  # fmt: skip

    def unpack(self, names, into, closure=False):
        """Unpack packages into a folder, with whatever they need that this machine has not (`closure`)."""
        self.apt("update")
        if closure:
            plan = self.apt("install", "--simulate", "--no-install-recommends", *names)
            names = re.findall(r"^Inst (\S+)", plan, re.MULTILINE) or names
        debs = HOME / "debs" / self.suite
        shutil.rmtree(debs, ignore_errors=True)
        debs.mkdir(parents=True)
        self.apt("download", *names, cwd=debs)
        for deb in sorted(debs.glob("*.deb")):
            _call("dpkg-deb", "-x", deb, into, what=f"unpacking {deb.name}")
        shutil.rmtree(debs)


def _paths():
    return [str(TREE / part) for part in ("usr/local/bin", "usr/bin", "usr/sbin", "bin", "sbin")]


def _environment():
    """What the engine's own programs run with: the unpacked tree before the machine's."""
    libraries = [
        str(path) for pattern in ("usr/lib/*-linux-gnu*", "lib/*-linux-gnu*") for path in TREE.glob(pattern)
    ]
    environment = dict(os.environ)
    environment["PATH"] = ":".join([*_paths(), os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    environment["LD_LIBRARY_PATH"] = ":".join(libraries)
    for plugins in TREE.glob("usr/lib/*/xtables"):
        environment["XTABLES_LIBDIR"] = str(plugins)
    environment.pop("DOCKER_HOST", None)
    environment.pop("DOCKER_CONTEXT", None)
    return environment


def _program(name):
    found = shutil.which(name, path=_environment()["PATH"])
    if not found:
        raise Trouble(
            f"{name} is not among what Debian's packages brought: remove .workbook/engine and try again"
        )
    return found


def fetch():
    """Bring the engine, debootstrap and compose version 2 into the tree, once."""
    done = HOME / "fetched"
    if done.exists():
        return
    shutil.rmtree(TREE, ignore_errors=True)
    TREE.mkdir(parents=True)
    own, newer = Packages(_release()["VERSION_CODENAME"]), Packages(SUITE)
    with step("engine out of Debian's packages, unpacked (nothing is installed)"):
        missing = [name for name, program in (("docker.io", "dockerd"), ("debootstrap", "debootstrap"))
                   if not shutil.which(program)]  # fmt: skip
        if missing:
            own.unpack(missing, TREE, closure=True)
            _choose_filter()
    with step("compose out of Debian 13's package"):
        newer.unpack(["docker-compose"], TREE)
    done.write_text("")


def _choose_filter():
    """Give the unpacked tree an `iptables`: which kind works depends on the kernel, tried in an own network.

    The engine runs without packet filter rules on this machine; inside each container's own network it needs
    some for its name server.
    """
    for name in ("iptables", "ip6tables"):
        for kind in ("nft", "legacy"):
            program = TREE / "usr/sbin" / f"{name}-{kind}"
            trial = ["unshare", "--net", str(program), "-t", "nat", "-N", "TRIAL"]
            if (
                program.exists()
                and subprocess.run(trial, env=_environment(), capture_output=True).returncode == 0
            ):
                (TREE / "usr/sbin" / name).symlink_to(program.name)
                break


def _compose_plugin():
    for place in ("usr/libexec/docker/cli-plugins", "usr/lib/docker/cli-plugins", "usr/bin"):
        plugin = TREE / place / "docker-compose"
        if plugin.exists():
            return plugin
    raise Trouble(
        "Debian's docker-compose package holds no compose plugin: remove .workbook/engine and try again"
    )


# The engine -------------------------------------------------------------------------------------------------


def _started(pid):
    """A process's start time, which tells it from a later one with the same id; None when there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]


def _recorded(name):
    """The process id that was recorded under a name, if that very process still runs."""
    try:
        record = json.loads((HOME / f"{name}.json").read_text())
    except (OSError, ValueError):
        return None
    return record["pid"] if _started(record["pid"]) == record["started"] else None


def _launch(name, *command):
    """Start a program in a session of its own and record it."""
    with open(HOME / f"{name}.log", "ab") as log:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
            env=_environment(),
        )
    (HOME / f"{name}.json").write_text(json.dumps({"pid": process.pid, "started": _started(process.pid)}))
    return process


def _until(condition, name, process, seconds=40):
    deadline = time.monotonic() + seconds
    while not condition():
        if process.poll() is not None or time.monotonic() > deadline:
            tail = "\n".join((HOME / f"{name}.log").read_text(errors="replace").splitlines()[-12:])
            raise Trouble(f"{name} did not come up; the end of its log:\n{tail}")
        time.sleep(0.05)


def _address_pool():
    """A private range that no route of this machine touches."""
    taken = set()
    for line in Path("/proc/net/route").read_text().splitlines()[1:]:
        raw = int(line.split()[1], 16)
        taken.add((raw & 255, raw >> 8 & 255))
    second = next(number for number in range(213, 255) if (10, number) not in taken)
    return f"base=10.{second}.0.0/16,size=24"


def answers():
    """Whether our engine answers."""
    return SOCKET.exists() and _docker("version", check=False).returncode == 0


def start():
    """Start our own container runtime and engine, unless they run."""
    if _recorded("dockerd") and answers():
        return
    stop()
    RUN.mkdir(parents=True, exist_ok=True)
    empty = HOME / "daemon.json"
    empty.write_text("{}\n")
    # A runtime of our own: dockerd would take over the machine's if it found one.
    config = HOME / "containerd.toml"
    config.write_text('version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n')
    process = _launch(
        "containerd", _program("containerd"), "--config", config, "--address", RUN / "containerd.sock",
        "--root", HOME / "containerd", "--state", RUN / "containerd",
    )  # fmt: skip
    _until((RUN / "containerd.sock").exists, "containerd", process)
    # No bridge docker0 and no packet filter rules: two engines would overwrite each other's. Ports are
    # published by the engine's own forwarder processes.
    process = _launch(
        "dockerd", _program("dockerd"), "--config-file", empty, "--host", f"unix://{SOCKET}",
        "--data-root", HOME / "data", "--exec-root", RUN / "exec", "--pidfile", RUN / "dockerd.pid",
        "--containerd", RUN / "containerd.sock", "--bridge", "none", "--iptables=false", "--ip-forward=false",
        "--ip-masq=false", "--default-address-pool", _address_pool(), "--group", "root",
    )  # fmt: skip
    _until(answers, "dockerd", process)


def stop():
    """End our engine and our runtime by their process ids."""
    for name in ("dockerd", "containerd"):
        pid = _recorded(name)
        if pid:
            os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + 40
            while _recorded(name):
                if time.monotonic() > deadline:
                    os.kill(pid, signal.SIGKILL)
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
                time.sleep(0.05)
        (HOME / f"{name}.json").unlink(missing_ok=True)
    # The engine leaves its networks' name space mounted; a folder with a mount in it could not be removed.
    for mounted in (RUN / "exec" / "netns").glob("*"):
        subprocess.run(["umount", str(mounted)], capture_output=True)
    shutil.rmtree(RUN, ignore_errors=True)


def environment():
    """The variables with which docker, compose and the workbook reach our engine and our images."""
    variables = {"DOCKER_HOST": f"unix://{SOCKET}", "DOCKER_CONFIG": str(HOME / "client")}
    for name in IMAGES:
        if (HOME / "built" / name).exists():
            variables[f"WORKBOOK_{name.upper()}_IMAGE"] = TAG.format(name)
    if not shutil.which("docker"):
        variables["PATH"] = f"{HOME / 'client' / 'bin'}:{os.environ.get('PATH', '')}"
    return variables


def _client():
    """A client configuration of our own, with the compose plugin; the user's ~/.docker is not read."""
    plugins = HOME / "client" / "cli-plugins"
    plugins.mkdir(parents=True, exist_ok=True)
    (HOME / "client" / "config.json").write_text("{}\n")
    plugin = plugins / "docker-compose"
    plugin.unlink(missing_ok=True)
    shutil.copy2(_compose_plugin(), plugin)
    tools = HOME / "client" / "bin"
    tools.mkdir(exist_ok=True)
    if not shutil.which("docker"):
        (tools / "docker").unlink(missing_ok=True)
        (tools / "docker").symlink_to(_program("docker"))


def _docker(*arguments, check=True, what="docker", **how):
    command = [shutil.which("docker") or _program("docker"), *map(str, arguments)]
    # The classic builder: the newer one is a plugin that Debian does not ship everywhere.
    variables = {**os.environ, "DOCKER_HOST": f"unix://{SOCKET}", "DOCKER_CONFIG": str(HOME / "client"),
                 "DOCKER_BUILDKIT": "0"}  # fmt: skip
    if check:
        return _call(*command, what=what, env=variables, **how)
    return subprocess.run(
        command, env=variables, stdin=subprocess.DEVNULL, capture_output=True, text=True, **how
    )


# The images -------------------------------------------------------------------------------------------------


def _digest(folder, parent=""):
    digest = hashlib.sha256(parent.encode())
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(folder)} {path.stat().st_mode & 0o111:o} ".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _have(tag, digest):
    shown = _docker(
        "image", "inspect", "--format", '{{index .Config.Labels "workbook.test.content"}}', tag, check=False
    )
    return shown.returncode == 0 and shown.stdout.strip() == digest


def _build(tag, context, digest):
    proxies = [part for name in ("http_proxy", "https_proxy") if os.environ.get(name)
               for part in ("--build-arg", f"{name}={os.environ[name]}")]  # fmt: skip
    _docker(
        "build", "--network", "host", "--label", f"workbook.test.content={digest}", "--tag", tag,
        *proxies, context,
        what=f"building {tag}",
    )  # fmt: skip


def _base():
    """Debian 13, bootstrapped and imported."""
    digest = _digest(HERE / "images" / "base")
    if _have(BASE, digest):
        return digest
    bare = BASE + "-bare"
    if _docker("image", "inspect", bare, check=False).returncode:
        folder = HOME / "bootstrap"
        with step("Debian 13, bootstrapped"):
            shutil.rmtree(folder, ignore_errors=True)
            newer = Packages(SUITE)
            variables = _environment()
            if (TREE / "usr/share/debootstrap").exists():
                variables["DEBOOTSTRAP_DIR"] = str(TREE / "usr/share/debootstrap")
            _call(_program("debootstrap"), "--variant=minbase", SUITE, folder, newer.mirror(),
                  what="debootstrap", env=variables)  # fmt: skip
            archive = subprocess.Popen(["tar", "-C", folder, "-c", "."], stdout=subprocess.PIPE)
            command = [shutil.which("docker") or _program("docker"), "import", "-", bare]
            variables = {
                **os.environ,
                "DOCKER_HOST": f"unix://{SOCKET}",
                "DOCKER_CONFIG": str(HOME / "client"),
            }
            subprocess.run(
                command, stdin=archive.stdout, env=variables, check=True, stdout=subprocess.DEVNULL
            )
            archive.stdout.close()
            if archive.wait():
                raise Trouble("packing the bootstrapped Debian failed: is the disk full?")
            shutil.rmtree(folder)
    with step("base image"):
        _build(BASE, HERE / "images" / "base", digest)
    return digest


def _context(name):
    """The folder that an image is built from; Kafka's gets the native backend's jars beside it."""
    source = HERE / "images" / name
    if name != "kafka":
        return source
    jars = kafka_jars()
    context = HOME / "contexts" / name
    shutil.rmtree(context, ignore_errors=True)
    shutil.copytree(source, context)
    shutil.copytree(jars, context / "jars")
    return context


def kafka_jars():
    """The folder with the jars of the real Kafka, fetched by the native backend if it has not been."""
    jars = ROOT / ".workbook" / "kafka" / "jars"
    if not list(jars.glob("kafka_2*.jar")):
        from workbook.brokers import install

        install.fetch_jars()
    return jars


def build():
    """Build what is missing or outdated."""
    (HOME / "built").mkdir(exist_ok=True)
    base = _base()
    for name in IMAGES:
        if not (HERE / "images" / name / "Dockerfile").exists():
            continue
        context = _context(name)
        digest = _digest(context, base)
        tag = TAG.format(name)
        if not _have(tag, digest):
            with step(f"image {tag}"):
                _build(tag, context, digest)
        (HOME / "built" / name).write_text(digest)


# Commands ---------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _alone():
    HOME.mkdir(parents=True, exist_ok=True)
    with open(HOME / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def up():
    """Have engine, compose and images; return the variables that reach them."""
    reason = why_not()
    if reason:
        raise Trouble(reason)
    with _alone():
        fetch()
        _client()
        with step("engine of our own"):
            start()
        build()
        variables = environment()
        ENV_FILE.write_text(
            "".join(f"export {key}={shlex.quote(value)}\n" for key, value in variables.items())
        )
    return variables


def down():
    """End the engine; what was fetched and built stays."""
    with _alone():
        stop()


def main(arguments=None):
    """The command line."""
    arguments = sys.argv[1:] if arguments is None else arguments
    command = arguments[0] if arguments else "status"
    try:
        if command == "up":
            up()
            note(str(ENV_FILE))
        elif command == "down":
            down()
        elif command == "status":
            note("running" if answers() else "not running")
        else:
            raise Trouble("engine.py knows up, down and status")
    except Trouble as trouble:
        print(f"engine: {trouble}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
