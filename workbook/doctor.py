"""`doctor`: one line per requirement; each one that is not met says what to do."""

import os
import shutil
import subprocess
import sys

from workbook import bootstrap, paths
from workbook.say import note
from workbook.trouble import Trouble

SPACE = 2_000_000_000
"""Free bytes that the workbook wants: the environment (1 GB), Kafka's jars, the brokers' data."""


def main(backend=None):
    """Print every requirement; 1 if one that is needed is not met."""
    failures = 0
    for check in (
        _python,
        _environment,
        _space,
        _java,
        _maven,
        _redis,
        _rabbitmq,
        _engine,
        _backend,
        _ports,
        _brokers,
        _kernel,
    ):
        mark, text = _outcome(check, backend)
        failures += mark == "missing"
        note(f"  {mark:8} {text}")
    note("everything needed is there" if not failures else f"{failures} to mend; each line above says how")
    return 1 if failures else 0


def _outcome(check, backend):
    try:
        return check(backend)
    except Trouble as trouble:
        return "missing", f"{check.__name__.strip('_')}: {trouble}"
    except Exception as error:  # the doctor must be the last to fall ill
        return (
            "missing",
            f"{check.__name__.strip('_')}: could not be examined ({type(error).__name__}: {error})",
        )


def _python(_):
    old = bootstrap.too_old(sys.version_info)
    return ("missing", old) if old else ("ok", f"Python {sys.version.split()[0]}")


def _environment(_):
    from importlib.metadata import PackageNotFoundError, version

    wanted = {}
    for line in (paths.ROOT / "requirements.txt").read_text().splitlines():
        if "==" in line and ";" not in line:
            name, _, number = line.partition("==")
            wanted[name.strip()] = number.strip()
    wrong = []
    for name, number in wanted.items():
        try:
            if version(name) != number:
                wrong.append(f"{name} {version(name)} instead of {number}")
        except PackageNotFoundError:
            wrong.append(f"{name} is not there")
    if wrong:
        more = f" and {len(wrong) - 2} more" if len(wrong) > 2 else ""
        return (
            "missing",
            f"packages: {'; '.join(wrong[:2])}{more}: remove the folder .venv and run any command again",
        )
    return "ok", f"{len(wanted)} Python packages in .venv, each of the pinned version"


def _space(_):
    free = shutil.disk_usage(paths.ROOT).free
    text = f"disk space: {free / 1e9:.1f} GB free"
    if free >= SPACE:
        return "ok", text
    return (
        "missing",
        f"{text}, {SPACE / 1e9:.0f} GB wanted: free some (`python3 -m workbook down --wipe` removes the "
        "brokers' data)",
    )


def _native_is_wanted(backend):
    from workbook.brokers import control

    return control.choose(backend)[0] == "native"


def _program(title, name, backend, detail=""):
    from workbook.brokers import install

    found = install.find(name)
    if found:
        return "ok", f"{title}: {found}{detail}"
    how = install.remedy(name)
    if _native_is_wanted(backend):
        return (
            "missing",
            f"{title}: not there; `python3 -m workbook up` installs it where it may, or run {how}",
        )
    return "not used", f"{title}: not there, and not needed by this backend"


def _java(backend):
    return _program("Java 17 or newer", "java", backend)


def _maven(backend):
    from workbook.brokers import install

    if install.find("mvn") is None and install.jars_complete():
        return "not used", "Maven: not there, and Kafka's jars are already"
    return _program("Maven", "mvn", backend)


def _redis(backend):
    return _program("Redis server", "redis-server", backend)


def _rabbitmq(backend):
    return _program("RabbitMQ server", "rabbitmq-server", backend)


def _engine(_):
    client = shutil.which("docker")
    if client is None:
        return "not used", "Docker: not installed (the brokers then run as ordinary processes)"
    try:
        answer = subprocess.run(
            [client, "version", "--format", "{{.Server.Version}}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=15,
        )
    except subprocess.TimeoutExpired:
        return (
            "not used",
            "Docker: installed, but its engine does not answer: restart it, or use --backend native",
        )
    if answer.returncode:
        return (
            "not used",
            "Docker: installed, but no engine runs: start it to use containers, or leave it (native is used)",
        )
    return "ok", f"Docker engine {answer.stdout.strip()}"


def _backend(backend):
    from workbook.brokers import control

    chosen, why = control.choose(backend)
    return "ok", f"backend: {chosen} ({why})"


def _ports(_):
    from workbook.brokers import control, ports, state

    if state.backend("shared") is None:
        return "ok", f"ports: none chosen yet; they will be between {ports.FIRST} and {ports.LAST}"
    taken = []
    for name, address in state.read()["addresses"]["shared"].items():
        if (
            state.backend("shared") == "native"
            and not control.instance(name).running()
            and not ports.free(address["port"])
        ):
            taken.append(f"{name}'s {address['port']}")
    if taken:
        return (
            "ok",
            f"ports: {', '.join(taken)} taken by another program; `python3 -m workbook up` chooses another",
        )
    return "ok", "ports: " + ", ".join(
        f"{name} {address['port']}" for name, address in state.read()["addresses"]["shared"].items()
    )


def _brokers(_):
    from workbook.brokers import NAMES, TITLES, address, probes, state

    if state.backend("shared") is None:
        return "missing", "brokers: never started here: run `python3 -m workbook up`"
    away = {name: probes.problem(name, address(name)) for name in NAMES}
    away = {name: problem for name, problem in away.items() if problem}
    if away:
        what = "; ".join(f"{TITLES[name]} does not answer ({problem})" for name, problem in away.items())
        return "missing", f"brokers: {what}: run `python3 -m workbook up`"
    return "ok", "brokers: Redis, RabbitMQ and Kafka answer"


def _kernel(_):
    """A kernel as JupyterLab would start it finds this package and no other checkout's."""
    from jupyter_client.kernelspec import KernelSpecManager

    argv = KernelSpecManager().get_kernel_spec("python3").argv
    interpreter = argv[0] if os.path.isabs(argv[0]) else sys.executable
    answer = subprocess.run(
        [interpreter, "-c", "import ipykernel, workbook.paths; print(ascii(str(workbook.paths.ROOT)))"],
        cwd=os.path.expanduser("~"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
    )
    if answer.returncode == 0 and answer.stdout.strip() == ascii(str(paths.ROOT)):
        return "ok", "notebooks' kernel: finds this workbook"
    return (
        "missing",
        "notebooks' kernel: does not find this workbook: remove the folder .venv and run any command again",
    )
