"""A learner in a real browser: `lab 15`, run all, type an answer, see its PASS and the figure."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from playwright.sync_api import sync_playwright

from workbook import paths
from workbook.brokers import install
from workbook.trouble import Trouble

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
"""`python3 -m workbook lab 15 --no-browser` with another my/: the learner's own copy is not touched."""

ANSWER = [
    'held = r.lindex(f"processing:{worker}", -1)',
    'return held or r.blmove("jobs", f"processing:{worker}", timeout, "RIGHT", "LEFT")',
]


def no_browser(reason):
    """Skip, and say why; where a browser must be there, fail instead."""
    if os.environ.get("WORKBOOK_REQUIRE_BROWSER") == "1":
        pytest.fail(f"{reason}, and WORKBOOK_REQUIRE_BROWSER=1 asks for it")
    pytest.skip(reason)


@pytest.fixture(scope="module")
def chromium():
    """The path of an installed Chromium; installs Debian's where that is allowed."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None and os.geteuid() == 0 and Path("/etc/debian_version").exists():
        try:
            install.apt(["chromium"], "the browser test")
        except Trouble as trouble:
            no_browser(str(trouble))
        found = shutil.which("chromium")
    return found or no_browser(
        "no Chromium is installed (Debian and Ubuntu: `sudo apt-get install chromium`)"
    )


@pytest.fixture
def served(chromium, shared_brokers, tmp_path):
    """JupyterLab as the command starts it: (the address it says, its process)."""
    made = not paths.MY.exists()
    paths.MY.mkdir(exist_ok=True)
    # Inside the folder that JupyterLab serves, and not hidden: it shows no hidden files.
    mine = Path(tempfile.mkdtemp(prefix="browser-test-", dir=paths.MY))
    environment = {**os.environ, "PYTHONPATH": str(paths.ROOT)}
    for name in ("JUPYTERLAB_WORKSPACES_DIR", "JUPYTERLAB_SETTINGS_DIR", "JUPYTER_RUNTIME_DIR"):
        environment[name] = str(tmp_path / name.lower())  # the learner's own is not ours to change
    process = subprocess.Popen(
        [sys.executable, "-c", LAB, str(mine)],
        cwd=paths.ROOT,
        env=environment,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
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
    """What a person does in the notebook that is open."""

    def __init__(self, page):
        self.page = page

    def menu(self, title, entry):
        self.page.get_by_role("menubar").first.get_by_role("menuitem", name=title, exact=True).click()
        self.page.locator(".lm-Menu").get_by_role("menuitem", name=entry, exact=True).click()

    def cell(self, text):
        """The code cell whose source contains `text`."""
        return (
            self.page.locator(".jp-CodeCell")
            .filter(has=self.page.locator(".cm-content", has_text=text))
            .first
        )

    def output(self, text):
        """The output below that cell."""
        return self.cell(text).locator(".jp-OutputArea-output").first

    def shot(self, name, what):
        """Keep a screenshot with `what` in sight; cells that come into sight grow and push it away again."""
        what.evaluate(
            """async what => {
                const place = () => what.getBoundingClientRect().top
                for (let calm = 0, before = null; calm < 10; before = place()) {
                    what.scrollIntoView({block: "center"})
                    await new Promise(requestAnimationFrame)
                    calm = place() === before ? calm + 1 : 0
                }
            }"""
        )
        self.page.screenshot(path=SHOTS / f"{name}.png")


@contextlib.contextmanager
def opened(chromium, address):
    """The notebook in a real Chromium, its kernel ready; what the page complains of, and whom it talks to."""
    complaints, hosts = [], set()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=[
                *(["--no-sandbox"] if os.geteuid() == 0 else []),
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-dev-shm-usage",
            ],
        )
        page = browser.new_page(viewport={"width": 1300, "height": 900})
        page.set_default_timeout(MINUTE)
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
        try:
            page.goto(address)
            page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for()
            yield Notebook(page), complaints, hosts
        except BaseException:
            page.screenshot(path=SHOTS / "failed.png")
            raise
        finally:
            browser.close()


def test_a_learner_runs_a_lab_types_an_answer_and_sees_it_pass(served, chromium):
    address, process = served
    shutil.rmtree(SHOTS, ignore_errors=True)
    SHOTS.mkdir(parents=True)
    with opened(chromium, address) as (notebook, complaints, hosts):
        notebook.menu("Run", "Run All Cells")
        wait = "all => all.length > 30 && all.every(prompt => /\\[\\d+\\]/.test(prompt.textContent))"
        notebook.page.wait_for_function(
            f"({wait})([...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')])", timeout=2 * MINUTE
        )
        told = notebook.output('take = check("15.1")')
        assert "15.1 take · NOT ATTEMPTED" in told.text_content()
        notebook.shot("not-attempted", told)

        # The editor as a person uses it: click on the blank, select the line, type.
        blank = notebook.cell('@exercise("15.1")').locator(".cm-line", has_text="# your answer")
        blank.click()
        notebook.page.keyboard.press("Home")
        notebook.page.keyboard.press("Shift+End")
        for number, line in enumerate(ANSWER):
            if number:
                notebook.page.keyboard.press("Enter")
            notebook.page.keyboard.type(line)
        typed = notebook.cell('@exercise("15.1")').locator(".cm-line").all_text_contents()
        assert [line.strip() for line in typed if line.strip()][-2:] == ANSWER
        notebook.page.keyboard.press("Shift+Enter")  # runs this cell and goes on to the next, the check
        notebook.page.keyboard.press("Shift+Enter")
        passed = notebook.cell('take = check("15.1")').get_by_text("15.1 take · PASS")
        passed.wait_for()
        notebook.shot("pass", passed)

        figure = notebook.cell("story = figures.timeline(").locator(".jp-OutputArea-output img")
        notebook.shot("figure", figure)
        assert figure.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
        assert "worker 2" in figure.get_attribute("alt")

        listens = listening(process)
        assert {host for host, _ in listens} == {"127.0.0.1"}
        assert urlsplit(address).port in {port for _, port in listens}
        assert hosts == {"127.0.0.1"}, "the page fetches something from elsewhere: it would not work offline"
        assert not complaints
