"""The commands: bootstrapping from a bare Python, what each prints, and one sentence for whatever is
wrong.
"""

import ast
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from importlib.metadata import metadata
from pathlib import Path

import nbformat
import pytest
from packaging.specifiers import SpecifierSet
from second_checkout import Checkout, one_sentence

from workbook import bootstrap, paths

BARE = Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
"""The Python that the virtual environment was made with: it has none of our packages."""


@pytest.fixture
def checkout(tmp_path):
    return Checkout(tmp_path / "wörk book")


class Bare:
    """A checkout that is run by a bare Python. It has no requirements, so that its bootstrap needs no
    network.
    """

    def __init__(self, checkout):
        self.checkout = checkout
        self.root = checkout.root
        (self.root / "requirements.txt").write_text("# nothing\n")

    def __call__(self, *words, program=BARE, **variables):
        return subprocess.run(
            [str(program), "-m", "workbook", *words],
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            env=self.checkout.environment(**variables),
            capture_output=True,
            text=True,
            timeout=120,
        )


@pytest.fixture
def bare(checkout):
    return Bare(checkout)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A bare checkout whose environment is made; `first` is what that run said."""
    bare = Bare(Checkout(tmp_path_factory.mktemp("gemacht") / "wörk book"))
    bare.first = bare("--help")
    return bare


# --- old Pythons --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["__init__", "__main__", "bootstrap", "paths"])
def test_what_runs_before_the_check_can_be_read_by_python_3_6(name):
    source = (paths.ROOT / "workbook" / f"{name}.py").read_text()
    ast.parse(source, feature_version=(3, 6))


@pytest.mark.parametrize("version", [(3, 6), (3, 10)])
def test_an_old_version_is_told_so(version):
    assert f"this is Python {version[0]}.{version[1]}" in bootstrap.too_old(version)
    assert bootstrap.too_old((3, 11)) is None and bootstrap.too_old((4, 0)) is None


def _old_pythons():
    found = [shutil.which(f"python3.{minor}") for minor in range(6, 11)]
    found += glob.glob(os.path.expanduser("~/.pyenv/versions/3.[6-9].*/bin/python"))
    found += glob.glob(os.path.expanduser("~/.pyenv/versions/3.10.*/bin/python"))
    for python in filter(None, found):
        # A shim may stand for a version that is not installed.
        answer = subprocess.run(
            [python, "-c", "import sys; print(sys.version_info[:2] < (3, 11))"], capture_output=True
        )
        if answer.stdout == b"True\n":
            yield python


def test_a_real_old_python_prints_one_sentence(bare):
    olds = list(_old_pythons())
    if not olds:
        pytest.skip("no Python older than 3.11 on this machine")
    for old in olds:
        assert "needs Python 3.11 or newer" in one_sentence(bare("up", program=old))


# --- bootstrap ----------------------------------------------------------------------------------------------


def test_a_bare_python_makes_the_environment_once(made):
    assert made.first.returncode == 0, made.first.stderr
    assert "a virtual environment in .venv" in made.first.stdout and "lab [NN]" in made.first.stdout
    second = made("--help")
    assert (
        second.returncode == 0
        and "virtual environment" not in second.stdout
        and "packages" not in second.stdout
    )


def test_changed_requirements_are_noticed(made):
    (made.root / "requirements.txt").write_text("# still nothing\n")
    assert "0 Python packages" in made("--help").stdout


def test_a_kernel_of_the_environment_finds_the_package_from_anywhere(made, tmp_path):
    done = subprocess.run(
        [
            made.root / ".venv" / "bin" / "python",
            "-c",
            "import workbook.paths as p; print(ascii(str(p.ROOT)))",
        ],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == ascii(str(made.root)), done.stderr


def test_an_environment_left_half_made_is_completed_or_made_anew(made):
    stamp = made.root / ".venv" / "workbook.stamp"
    # Interrupted before the end: no stamp.
    stamp.unlink()
    done = made("--help")
    assert done.returncode == 0 and "packages" in done.stdout and "a virtual environment" not in done.stdout
    # Interrupted earlier: no pip, no stamp.
    stamp.unlink()
    for pip in (made.root / ".venv").glob("lib/python*/site-packages/pip"):
        shutil.rmtree(pip)
    done = made("--help")
    assert done.returncode == 0 and "a virtual environment" in done.stdout


def test_an_environment_whose_python_is_gone_is_made_anew(made):
    python = made.root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python3")
    done = made("--help")
    assert done.returncode == 0 and "a virtual environment" in done.stdout


def test_a_bootstrap_that_was_killed_goes_on_at_the_next_call(bare):
    command = [str(BARE), "-m", "workbook", "--help"]
    killed = subprocess.Popen(
        command,
        cwd=bare.root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while not (bare.root / ".venv" / "bin").exists() and killed.poll() is None:
        os.sched_yield() if hasattr(os, "sched_yield") else None
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    done = bare("--help")
    assert done.returncode == 0 and "lab [NN]" in done.stdout, done.stderr


def test_a_moved_checkout_makes_its_own_environment(made, tmp_path):
    moved = tmp_path / "moved"
    shutil.copytree(made.root, moved, symlinks=True)
    done = subprocess.run(
        [str(BARE), "-m", "workbook", "--help"],
        cwd=moved,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and "a virtual environment" in done.stdout


def test_requirements_that_cannot_be_had_are_one_sentence(bare):
    (bare.root / "requirements.txt").write_text("no-such-package-of-the-workbook==1.0\n")
    message = one_sentence(bare("--help", PIP_NO_INDEX="1"))
    assert "requirements.txt" in message and "network" in message


def test_every_requirement_is_pinned():
    for line in (paths.ROOT / "requirements.txt").read_text().splitlines():
        assert not line or line.startswith("#") or re.fullmatch(r"[\w.-]+==[\w.]+( ; .*)?", line), line


def test_every_requirement_can_be_installed_by_debians_python():
    # Debian 12's is 3.11.2, and a resolver that runs on a newer one may choose what it cannot have.
    for line in (paths.ROOT / "requirements.txt").read_text().splitlines():
        if line and not line.startswith("#") and ";" not in line:
            wanted = metadata(line.partition("==")[0])["Requires-Python"]
            assert wanted is None or SpecifierSet(wanted).contains("3.11.2"), line


# --- wrong words --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["frobnicate"], "no command 'frobnicate'"),
        (["up", "--backend", "cloud"], "native, compose or external"),
        (["up", "--backend"], "--backend needs a name"),
        (["up", "quickly"], "'quickly'"),
        (["down", "--wip"], "'--wip'"),
        (["lab", "15", "24"], "'24'"),
        (["lab", "77"], "there is no lab 77"),
        (["lab", "--path", "week"], "half"),
        (["lab", "--path"], "--path needs a value"),
        (["lab", "--port", "http"], "1024 to 65535"),
        (["run"], "number of a lab"),
        (["run", "xy"], "there is no lab xy"),
        (["reset"], "run `python3 -m workbook up` first"),
    ],
)
def test_a_wrong_word_is_answered_in_a_sentence_without_starting_anything(checkout, words, says):
    assert says in one_sentence(checkout.run(*words))
    assert not (checkout.state / "native").exists()


def test_help_lists_every_command(checkout):
    from workbook import cli

    shown = checkout.run("--help")
    assert shown.returncode == 0
    for command in cli._COMMANDS:
        assert command.startswith("_") or re.search(rf"^  {command} ", shown.stdout, re.M), command


def test_status_before_anything_was_started(checkout):
    assert "python3 -m workbook up" in checkout.run("status").stdout


def test_what_nobody_foresaw_is_a_sentence_too_and_its_traceback_is_kept(checkout):
    (checkout.root / "workbook" / "progress.py").write_text(
        "def report():\n    raise LookupError('order 7')\n"
    )
    message = one_sentence(checkout.run("progress"))
    assert "LookupError: order 7" in message and ".workbook/error.log" in message
    assert "Traceback" in (checkout.state / "error.log").read_text()


# --- lab, run, test -----------------------------------------------------------------------------------------


def _notebook(root, name, *cells):
    """A small lab of our own in a second checkout."""
    cells = [nbformat.v4.new_code_cell(cell, id=f"cell-{number}") for number, cell in enumerate(cells)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), root / "labs" / name)


@pytest.fixture
def with_external(checkout, shared_brokers):
    """A second checkout that uses this one's brokers, so that it need not start any."""
    place = {name: shared_brokers.address(name) for name in shared_brokers.NAMES}
    variables = {
        "WORKBOOK_BACKEND": "external",
        "REDIS_URL": f"redis://127.0.0.1:{place['redis']['port']}",
        "AMQP_URL": f"amqp://guest:guest@127.0.0.1:{place['rabbitmq']['port']}",
        "KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{place['kafka']['port']}",
    }
    return checkout, variables


def test_lab_copies_once_and_serves_with_a_token_until_interrupted(with_external):
    checkout, variables = with_external
    _notebook(checkout.root, "98-smoke.ipynb", "1 + 1")
    mine = checkout.root / "my" / "98-smoke.ipynb"
    process = subprocess.Popen(
        checkout.command("lab", "98", "--no-browser"),
        cwd=checkout.root,
        stdin=subprocess.DEVNULL,
        env=checkout.environment(**variables),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        said = []
        for line in process.stdout:
            said.append(line)
            if "Ctrl-C" in line:
                break
        address = next(line.strip() for line in said if line.strip().startswith("http://127.0.0.1:"))
        assert re.search(r"/lab/tree/my/98-smoke\.ipynb\?token=\w{32,}$", address)
        assert any(re.search(r"Kafka.*serves on.* \d+\.\d s", line) for line in said)
        with urllib.request.urlopen(address, timeout=30) as page:
            assert page.status == 200
        contents = f"{address.partition('/lab')[0]}/api/contents/my"
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(contents, timeout=30)
        assert refused.value.code == 403
        with urllib.request.urlopen(
            f"{contents}?token={address.partition('token=')[2]}", timeout=30
        ) as listing:
            assert [entry["name"] for entry in json.load(listing)["content"]] == ["98-smoke.ipynb"]
        process.send_signal(signal.SIGINT)
        assert "brokers stay up" in process.stdout.read()
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
    # What a learner wrote is not overwritten.
    mine.write_text("mine")
    done = checkout.run("lab", "98", "--port", "80", **variables)
    assert done.returncode == 1 and mine.read_text() == "mine"


def test_a_path_says_its_order_and_what_the_instructor_shows(with_external):
    checkout, variables = with_external
    for lab in (checkout.root / "labs").glob("*.ipynb"):
        lab.unlink()
    for name in ("24-b.ipynb", "15-a.ipynb", "99-c.ipynb"):
        _notebook(checkout.root, name, "1")
    # Port 1 is refused after the order was said and before anything is started.
    done = checkout.run("lab", "--path", "half", "--port", "1", **variables)
    assert re.search(
        r"15-a\.ipynb +shown by the instructor: 15\.3\n +24-b\.ipynb +shown by the instructor: 24\.3",
        done.stdout,
    )
    assert "99-c" not in done.stdout
    assert sorted(copy.name for copy in (checkout.root / "my").iterdir()) == ["15-a.ipynb", "24-b.ipynb"]


def test_run_prints_verdicts_and_says_where_it_stopped(with_external):
    checkout, variables = with_external
    _notebook(checkout.root, "98-smoke.ipynb", "print('98.1 take · WRONG ✗\\n  lost: 1 of 5\\nnot of it')")
    done = checkout.run("run", "98", **variables)
    assert done.returncode == 0, done.stderr
    assert "98.1 take · WRONG ✗\n  lost: 1 of 5\nran to its end: 1 WRONG" in done.stdout
    _notebook(checkout.root, "98-smoke.ipynb", "1", "{}['order 7']")
    message = one_sentence(checkout.run("run", "98", **variables))
    assert "KeyError" in message and "order 7" in message
    (checkout.root / "labs" / "98-smoke.ipynb").write_text("{")
    assert "cannot be read as a notebook" in one_sentence(checkout.run("run", "98", **variables))


def test_test_passes_words_and_status_on_to_pytest(with_external):
    checkout, variables = with_external
    test = checkout.root / "test_tiny.py"
    test.write_text("import os\ndef test_quick():\n    assert os.environ['WORKBOOK_QUICK'] == '1'\n")
    done = checkout.run("test", "--quick", "-q", "test_tiny.py", **variables)
    assert done.returncode == 0 and "1 passed" in done.stdout, done.stdout + done.stderr
    done = checkout.run("test", "-q", "test_tiny.py", **variables)
    assert done.returncode == 1 and "1 failed" in done.stdout
