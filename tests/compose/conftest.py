"""An engine for the tests of the compose backend, and a state folder of their own.

Which engine: the one of `tests/compose/engine.py` if it runs; else, with WORKBOOK_REQUIRE_COMPOSE=1, that one
is made; else whichever engine this machine has, if the images are there. Else these tests are skipped and say
why (with WORKBOOK_REQUIRE_COMPOSE=1 that is a failure).
"""

import os
import sys
import uuid
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import engine as own_engine  # noqa: E402

REQUIRED = os.environ.get("WORKBOOK_REQUIRE_COMPOSE") == "1"

MEASURED = pytest.StashKey()


@pytest.fixture(scope="session")
def container_engine():
    """The variables of an engine that can be used, set for the tests that follow."""
    from workbook.brokers import compose
    from workbook.trouble import Trouble

    variables = {}
    if own_engine.answers():
        variables = own_engine.environment()
    elif REQUIRED:
        try:
            variables = own_engine.up()
        except Trouble as trouble:
            pytest.fail(f"WORKBOOK_REQUIRE_COMPOSE=1, but: {trouble}", pytrace=False)
    with pytest.MonkeyPatch.context() as patch:
        for key, value in variables.items():
            patch.setenv(key, value)
        usable, why = compose.available()
        if not usable:
            remedy = (
                own_engine.why_not()
                or "run `python tests/compose/engine.py up` first, then one of our own is used"
            )
            explain = pytest.fail if REQUIRED else pytest.skip
            explain(f"no container engine to test with: {why} ({remedy})")
        yield variables


@pytest.fixture(scope="module")
def state_folder(container_engine, tmp_path_factory):
    """A state folder, hence a compose project and ports, of the tests' own; the checkout's are left alone."""
    from workbook import paths

    # A space and accents, because a checkout's path may have them.
    folder = tmp_path_factory.mktemp("état à part")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "STATE", folder)
        yield folder


@pytest.fixture(scope="module")
def project(state_folder):
    """This module's project, removed with its data at the end whatever happens."""
    from workbook.brokers import compose

    yield compose.project()
    compose.stop_all(wipe=True)


@pytest.fixture
def by_hand(container_engine):
    """`docker compose` as a person calls it from a clone, in a project of its own: a function."""
    import subprocess

    from workbook import paths

    name = f"by-hand-{uuid.uuid4().hex[:8]}"
    ours = {key: value for key, value in os.environ.items() if not key.startswith("COMPOSE_")}

    def call(*arguments, check=True, **variables):
        return subprocess.run(
            ["docker", "compose", "--project-name", name, *arguments],
            cwd=paths.ROOT, env={**ours, **variables}, stdin=subprocess.DEVNULL, capture_output=True,
            text=True,
            check=check, timeout=300,
        )  # fmt: skip

    yield call
    call("--profile", "*", "down", "--volumes", "--timeout", "5", check=False)


@pytest.fixture
def measured(request):
    """Call it with a text and seconds: they appear in the summary."""
    rows = request.config.stash.setdefault(MEASURED, [])

    def add(what, seconds=None):
        rows.append(what if seconds is None else f"{what}: {seconds:.1f} s")

    return add


def pytest_terminal_summary(terminalreporter, config):
    """Say which versions were tested, and what was measured."""
    rows = config.stash.get(MEASURED, [])
    if rows:
        terminalreporter.section("compose")
        for row in rows:
            terminalreporter.line(row)
