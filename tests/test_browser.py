"""A learner's first ten minutes, in a real browser: `lab 15`, run all, type an answer, see its PASS, look at the figure."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from workbook import paths
from workbook.brokers import install

SHOTS = paths.STATE / "browser"
"""Screenshots of the last run, for people to look at."""

MINUTE = 60_000

LAB = """
import sys
from pathlib import Path
from workbook import bootstrap, paths
paths.MY = Path(sys.argv[1])
sys.exit(bootstrap.run(["lab", "15", "--no-browser"]))
"""
"""`python3 -m workbook lab 15 --no-browser` with another folder for my/: the learner's own copy is not touched."""

ANSWER = """mine = f"processing:{worker}"
held = r.lindex(mine, -1)
if held is not None:
return held
return r.blmove("jobs", mine, timeout, "RIGHT", "LEFT")"""
"""As it is typed: the editor indents after a colon. Where a line must stand further left stands in `LEFT_OF`."""


def no_browser(reason):
    """Skip, and say why; where a browser must be there, fail instead."""
    if os.environ.get("WORKBOOK_REQUIRE_BROWSER") == "1":
        pytest.fail(f"{reason}, and WORKBOOK_REQUIRE_BROWSER=1 asks for it")
    pytest.skip(reason)


def chromium():
    """The path of an installed Chromium; installs Debian's where that is allowed."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None and os.geteuid() == 0 and Path("/etc/debian_version").exists():
        install.apt(["chromium"], "the browser test")
        found = shutil.which("chromium")
    return found or no_browser("no Chromium is installed (Debian and Ubuntu: `sudo apt-get install chromium`)")


@pytest.fixture
def served(shared_brokers, tmp_path):
    """JupyterLab as the command starts it: (the address it says, its process)."""
    made = not paths.MY.exists()
    paths.MY.mkdir(exist_ok=True)
    # Inside the folder that JupyterLab serves, and not hidden: it shows no hidden files.
    mine = Path(tempfile.mkdtemp(prefix="browser-test-", dir=paths.MY))
    environment = {**os.environ, "PYTHONPATH": str(paths.ROOT)}
    for name in ("JUPYTERLAB_WORKSPACES_DIR", "JUPYTERLAB_SETTINGS_DIR", "JUPYTER_RUNTIME_DIR"):
        environment[name] = str(tmp_path / name.lower())  # what the learner's browser left there is none of ours
    process = subprocess.Popen([sys.executable, "-c", LAB, str(mine)], cwd=paths.ROOT, env=environment, text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        said = []
        for line in process.stdout:
            said.append(line)
            if "Ctrl-C" in line:
                break
        else:
            pytest.fail("lab ended: " + "".join(said))
        yield next(line.strip() for line in said if line.strip().startswith("http://")), process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        process.kill()
        process.wait()
        shutil.rmtree(mine, ignore_errors=True)
        if made:
            with contextlib.suppress(OSError):
                paths.MY.rmdir()


def listening(process):
    """The addresses on which a process and everything below it listens."""
    family = [process.pid, *(child.pid for child in psutil.Process(process.pid).children(recursive=True))]
    return {
        (one.laddr.ip, one.laddr.port)
        for one in psutil.net_connections("inet")
        if one.pid in family and one.status == psutil.CONN_LISTEN
    }


class Notebook:
    """What a person does in the one notebook that is open."""

    def __init__(self, page):
        self.page = page

    def menu(self, *words):
        bar = self.page.get_by_role("menubar").first
        bar.get_by_role("menuitem", name=words[0], exact=True).click()
        self.page.locator(".lm-Menu").get_by_role("menuitem", name=words[1], exact=True).click()

    def cell(self, text):
        """The code cell whose source contains `text`, scrolled to."""
        return self.page.locator(".jp-CodeCell").filter(has=self.page.locator(".cm-content", has_text=text)).first

    def scroll_to(self, text):
        cell = self.cell(text)
        cell.scroll_into_view_if_needed(timeout=MINUTE)
        return cell
