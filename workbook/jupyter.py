"""JupyterLab for `lab`: on 127.0.0.1 with a token, ended by Ctrl-C, the brokers left running."""

import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from urllib.parse import quote

from workbook import paths
from workbook.brokers import ports
from workbook.say import note, step
from workbook.trouble import Trouble

HOST = "127.0.0.1"
LOG = paths.STATE / "jupyter.log"


def serve(notebook, port=None, browser=True):
    """Run JupyterLab until it ends or is interrupted; says the address that opens `notebook`."""
    if port is None:
        port = ports.of("jupyter", ("port",))["port"]
    elif not ports.free(port):
        raise Trouble(f"port {port} is taken by another program: leave --port out, or give a free one.")
    token = secrets.token_hex(24)
    # The token goes through the environment: a command line can be read by every user of this machine.
    environment = {**os.environ, "JUPYTER_TOKEN": token}
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        f"--ServerApp.ip={HOST}",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={paths.ROOT}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    if os.geteuid() == 0:
        command.append("--allow-root")
    with step("JupyterLab"):
        with open(LOG, "wb") as log:
            # In a session of its own, so that Ctrl-C reaches us alone and Jupyter does not stop to ask.
            server = subprocess.Popen(
                command,
                cwd=paths.ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        signal.signal(signal.SIGTERM, _end)
        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, _end)
        try:
            _await(server, f"http://{HOST}:{port}/api/status?token={token}")
        except BaseException:
            _stop(server)
            raise
    where = quote(str(notebook.relative_to(paths.ROOT)))
    address = f"http://{HOST}:{port}/lab/tree/{where}?token={token}"
    note(f"\n  {address}\n")
    note("Ctrl-C ends JupyterLab; the brokers stay up until `python3 -m workbook down`.")
    try:
        if browser and _has_browser():
            webbrowser.open(address)
        server.wait()
    except (KeyboardInterrupt, SystemExit):
        note("\nJupyterLab ends; the brokers stay up: `python3 -m workbook down` stops them.")
        return 0
    finally:
        _stop(server)
    if server.returncode:
        raise Trouble(
            f"JupyterLab ended with status {server.returncode}: run the command again; the end of its "
            f"log:\n{_tail()}"
        )
    return 0


def _end(*_):
    raise SystemExit(0)


def _has_browser():
    if sys.platform == "darwin":
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or os.environ.get("BROWSER"))


def _await(server, url, deadline=120.0):
    """Wait until the server answers with our token; the log's end if it does not."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + deadline
    while True:
        try:
            with opener.open(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            pass
        if server.poll() is not None or time.monotonic() > end:
            raise Trouble(
                f"JupyterLab did not start: see `python3 -m workbook doctor`; the end of its log:\n{_tail()}"
            )
        time.sleep(0.1)  # between two questions; the loop ends on an answer


def _stop(server):
    """End Jupyter and, through it, its kernels."""
    if server.poll() is None:
        server.terminate()
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _tail(lines=15):
    try:
        text = LOG.read_text(errors="replace")
    except OSError:
        return "    (no log)"
    return "\n".join(f"    {line}" for line in text.rstrip().splitlines()[-lines:])
