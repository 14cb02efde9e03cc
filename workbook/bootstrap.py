"""From a bare Python to the virtual environment: everything that happens before the command itself.

Only the standard library is there yet, and the Python may be an old one: this file (with `__main__`,
`__init__` and `paths`) keeps to what Python 3.6 can read, so that an old Python is told what to do and does
not stumble over the syntax.
"""

import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
import traceback

from workbook import paths

NEEDED = (3, 11)


def main(arguments):
    """Run a command of the workbook inside its virtual environment; the exit status."""
    old = too_old(sys.version_info)
    if old:
        sys.stderr.write(old + "\n")
        return 1
    # `_start` is called by a process of the workbook with its own Python: nothing to make, and no time to
    # lose.
    return _in_a_sentence(_command if arguments[:1] == ["_start"] else _prepared, arguments)


def _prepared(arguments):
    if not (_inside() and _current()):
        _make()
        if not _inside():
            _enter(arguments)
    return _command(arguments)


def _command(arguments):
    from workbook import cli

    return cli.main(arguments)


def run(arguments):
    """Run a command in the Python that we are in, whatever it is; the exit status. For tests in a second
    checkout.
    """
    return _in_a_sentence(_command, arguments)


def _in_a_sentence(function, arguments):
    """Whatever goes wrong is said in one sentence; the exit status."""
    from workbook.trouble import Trouble

    try:
        return function(arguments)
    except Trouble as trouble:
        sys.stderr.write("workbook: %s\n" % trouble)
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nworkbook: interrupted; the same command goes on from here.\n")
        return 130
    except BrokenPipeError:
        # Whoever read our output (`| head`) has gone; say nothing at interpreter exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except Exception as error:
        sys.stderr.write("workbook: %s\n" % _unexpected(error))
        return 1


def _unexpected(error):
    """A sentence for what nobody foresaw; the traceback is kept where a report can be made from it."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "no space is left on the disk: free some (2 GB are wanted), then run the command again."
    kept = "its details could not be kept"
    try:
        paths.STATE.mkdir(parents=True, exist_ok=True)
        with open(str(paths.STATE / "error.log"), "w") as log:
            log.write(traceback.format_exc())
        kept = "its details are in .workbook/error.log"
    except OSError:
        pass
    return (
        "something nobody foresaw (%s: %s), %s: run `python3 -m workbook doctor`, and report it if that "
        "finds nothing." % (type(error).__name__, error, kept)
    )


def too_old(version):
    """A sentence for a Python that is too old, else None. `version` is like sys.version_info."""
    if tuple(version[:2]) >= NEEDED:
        return None
    return (
        "workbook: this is Python %d.%d, and the workbook needs Python 3.11 or newer: install one (Debian 12 "
        "and Ubuntu "
        "24.04 have it as python3; macOS: brew install python) and run `python3.11 -m workbook` with it."
        % (version[0], version[1])
    )


# --- the virtual environment --------------------------------------------------------------------------------


def python():
    """The environment's own Python."""
    return paths.VENV / "bin" / "python"


def _inside():
    # Compared as paths: the environment's Python is a link to the one that we may be running as.
    return os.path.realpath(sys.prefix) == os.path.realpath(str(paths.VENV))


def _stamp():
    """What the environment was made from; another value, and it is made or completed anew."""
    wanted = (paths.ROOT / "requirements.txt").read_bytes()
    return hashlib.sha256(wanted + str(paths.ROOT).encode("utf-8", "surrogateescape")).hexdigest()


def _current():
    try:
        return (paths.VENV / "workbook.stamp").read_text() == _stamp()
    except OSError:
        return False


def _enter(arguments):
    """Become the environment's Python. What we were is gone: no second process to forward signals to."""
    sys.stdout.flush()
    command = [str(python()), "-m", "workbook"] + list(arguments)
    environment = dict(os.environ)
    environment.pop("__PYVENV_LAUNCHER__", None)  # macOS: or the new Python takes itself for the old one
    os.chdir(str(paths.ROOT))  # where `-m workbook` finds the package
    os.execve(command[0], command, environment)


def _make():
    """Make or complete the environment; interrupted anywhere, the next call makes it whole."""
    import fcntl

    from workbook.say import step
    from workbook.trouble import Trouble

    if _current() and _works():
        return
    paths.STATE.mkdir(parents=True, exist_ok=True)
    with open(str(paths.STATE / "bootstrap.lock"), "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _current() and _works():
            return  # another command of this checkout made it while we waited
        try:
            if not _works() and not _inside():
                with step("a virtual environment in .venv"):
                    _create()
            _install()
            _settle()
        except OSError as error:
            raise Trouble(
                "cannot write the virtual environment (%s): it needs about 1 GB in %s; free some space or "
                "make the folder "
                "writable, then run the command again." % (error.strerror or error, paths.VENV)
            ) from None


def _works():
    """Whether the environment's Python starts, is this checkout's, and has pip."""
    if not python().exists():
        return False
    try:
        answer = subprocess.run(
            [str(python()), "-c", "import sys, pip; print(sys.prefix)"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return False
    if answer.returncode:
        return False
    prefix = answer.stdout.decode("utf-8", "surrogateescape").strip()
    # A checkout that was moved or copied brings an environment whose paths lead to the old place.
    return os.path.realpath(prefix) == os.path.realpath(str(paths.VENV)) and _made_here()


def _made_here():
    try:
        return (paths.VENV / "workbook.root").read_text("utf-8") == str(paths.ROOT)
    except OSError:
        return False


def _create():
    from workbook.trouble import Trouble

    shutil.rmtree(str(paths.VENV), ignore_errors=True)
    if _lacks_ensurepip():
        _install_venv_package()
    made = subprocess.run(
        [sys.executable, "-m", "venv", str(paths.VENV)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if made.returncode:
        why = made.stdout.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
        raise Trouble(
            "Python could not make a virtual environment (%s): check the disk space and that .venv can be "
            "written, then "
            "run the command again." % why[-1]
        )
    (paths.VENV / "workbook.root").write_text(str(paths.ROOT), "utf-8")


def _lacks_ensurepip():
    # Debian keeps pip's seed in a package of its own; the module is there, what it needs is not.
    check = subprocess.run(
        [sys.executable, "-c", "import ensurepip, sys; sys.exit(not ensurepip.version())"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return check.returncode != 0


def _install_venv_package():
    from workbook.brokers import install

    install.apt(["python%d.%d-venv" % sys.version_info[:2]], "a virtual environment")


def _install():
    from workbook.say import note, step
    from workbook.trouble import Trouble

    requirements = paths.ROOT / "requirements.txt"
    wanted = [line for line in requirements.read_text("utf-8").splitlines() if "==" in line]
    if not sys.stdout.isatty():
        note("  installing %d Python packages (a minute or two)" % len(wanted))
    with step("%d Python packages" % len(wanted)):
        pip = subprocess.Popen(
            [
                str(python()),
                "-m",
                "pip",
                "install",
                "--no-input",
                "--disable-pip-version-check",
                "--no-color",
                "--progress-bar",
                "off",
                "-r",
                str(requirements),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said = []
        try:
            for line in pip.stdout:
                said.append(line.decode("utf-8", "replace").rstrip())
                _count(said, len(wanted))
        finally:
            if pip.poll() is None and sys.exc_info()[0] is not None:
                pip.terminate()
            pip.wait()
    if pip.returncode:
        errors = (
            [line for line in said if line.lower().startswith("error")] or said[-1:] or ["no reason given"]
        )
        raise Trouble(
            "pip could not install what requirements.txt names (%s): check the network, pip's proxy settings "
            "and the disk "
            "space, then run the command again." % errors[-1][:300]
        )


def _count(said, total):
    """At a terminal, how many packages pip has come to."""
    if sys.stdout.isatty() and said[-1].startswith(("Collecting", "Requirement already")):
        done = sum(line.startswith(("Collecting", "Requirement already")) for line in said)
        shown = "%d of %d " % (min(done, total), total)
        sys.stdout.write(shown + "\b" * len(shown))
        sys.stdout.flush()


def _settle():
    """The environment finds the package, JupyterLab keeps to itself; then the stamp, which says that all is
    done.
    """
    (site,) = paths.VENV.glob("lib/python*/site-packages")
    # A line that begins with import is executed. A plain path would be read in the locale's encoding, in
    # which a checkout's path may have no spelling; this one is ASCII whatever the path.
    (site / "workbook.pth").write_text("import sys; sys.path.append(%s)\n" % ascii(str(paths.ROOT)), "ascii")
    server = paths.VENV / "etc" / "jupyter" / "jupyter_server_config.d"
    server.mkdir(parents=True, exist_ok=True)
    # Read in the order of their names, the last one counts: jupytext's own file says true.
    (server / "workbook.json").write_text(
        json.dumps({"ServerApp": {"jpserver_extensions": {"jupyterlab_jupytext": False}}})
    )
    pages = paths.VENV / "etc" / "jupyter" / "labconfig"
    pages.mkdir(parents=True, exist_ok=True)
    disabled = {"jupyterlab-jupytext": True, "@jupyterlab/apputils-extension:announcements": True}
    (pages / "page_config.json").write_text(json.dumps({"disabledExtensions": disabled}))
    (paths.VENV / "workbook.stamp").write_text(_stamp())
