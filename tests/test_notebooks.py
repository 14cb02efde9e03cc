"""The guards around nbval bite: broken notebooks are red, each for its own reason, and sound ones are green.

The notebooks are made here, one for each trap, and run by a pytest of their own, as the workbook's are.
"""

import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from workbook import paths
from workbook.builder import executing, golden, notebooks

CELL_TIMEOUT = 3
HTML = "from IPython.display import display, HTML\ndisplay(HTML('''{}'''))"


def stdout(text):
    return new_output("stream", name="stdout", text=text)


def html(text):
    return new_output(
        "display_data", data={"text/html": text, "text/plain": "<IPython.core.display.HTML object>"}
    )


def error(name, value):
    return new_output("error", ename=name, evalue=value, traceback=[])


def code(source, *outputs, tags=(), count=1):
    metadata = {"tags": list(tags)} if tags else {}
    return new_code_cell(source, outputs=list(outputs), execution_count=count, metadata=metadata)


SOUND = {
    "11-sound": [
        code("print('charged once')", stdout("charged once\n")),
        code("import time; print(time.time())", stdout("1.0\n"), tags=["measured"]),
        code("1 / 0", error("ZeroDivisionError", "division by zero"), tags=["raises-exception"]),
        code(
            HTML.format('<img alt="3 lost" src="data:image/png;base64,BBBB">'),
            html('<img alt="3 lost" src="data:image/png;base64,AAAA">'),
        ),
        code(
            "import os\n"
            "[os.environ.get(n) for n in ('WORKBOOK_STRICT', 'WORKBOOK_PROGRESS', 'PYTEST_CURRENT_TEST')]",
            new_output("execute_result", data={"text/plain": "['1', 'off', None]"}, execution_count=1),
        ),
    ],
}
BROKEN = {
    "12-other-output": ([code("print('lost: 1')", stdout("lost: 0\n"))], "Cell outputs differ"),
    "12-never-executed": ([code("print('anything')", count=None)], "never executed"),
    "12-no-stored-error": ([code("pass", tags=["raises-exception"])], "stored output holds no error"),
    "12-raises-no-more": (
        [code("pass", error("KeyError", "'a'"), tags=["raises-exception"])],
        "Missing output fields",
    ),
    "12-raises-no-more-measured": (
        [code("pass", error("KeyError", "'a'"), tags=["raises-exception", "measured"])],
        "raised nothing",
    ),
    "12-raises-something-else": (
        [code("raise ValueError('a')", error("KeyError", "a"), tags=["raises-exception"])],
        "mismatch 'ename'",
    ),
    "12-thread": (
        [
            code(
                "import threading\ngo = threading.Event()\n"
                "t = threading.Thread(target=lambda: (go.wait(), print('late')), name='consumer')\nt.start()"
            ),
            code("go.set(); t.join()", stdout("late\n")),
        ],
        "a thread or a child process printed",
    ),
    "12-child": (
        [
            code(
                "import subprocess; _ = subprocess.run(['echo', 'hi']); import time; time.sleep(0.2)",
                stdout("hi\n"),
            )
        ],
        "a thread or a child process printed",
    ),
    "12-stderr": ([code("import sys; print('careful', file=sys.stderr)")], "Unexpected output fields"),
    "12-stderr-measured": (
        [
            code(
                "import sys; print('careful', file=sys.stderr)",
                new_output("stream", name="stderr", text="careful\n"),
                tags=["measured"],
            )
        ],
        "wrote to stderr: careful",
    ),
    "12-measures-something-else": ([code("print('x')", tags=["measured"])], "other kinds"),
    "12-order": (
        [code(HTML.format("a") + "\nprint('then')", stdout("then\n"), html("a"))],
        "in another order",
    ),
    "12-clears": (
        [code("from IPython.display import clear_output\nclear_output()\nprint(1)", stdout("1\n"))],
        "uses clear_output",
    ),
    "12-updates": (
        [
            code(
                "from IPython.display import display, HTML\n"
                "h = display(HTML('a'), display_id='x')\nh.update(HTML('b'))",
                html("a"),
            )
        ],
        "uses update_display_data",
    ),
    "12-skips": ([code("# NBVAL_SKIP\nprint(1)", stdout("2\n"))], "NBVAL_"),
    "12-alt-text": (
        [code(HTML.format('<img alt="3 lost" src="data:x">'), html('<img alt="4 lost" src="data:x">'))],
        "Cell outputs differ",
    ),
    "12-endless": ([code("while True: pass"), code("pass"), code("pass")], "Timeout of 3 seconds"),
    "12-dies": ([code("import os\nos._exit(3)"), code("pass"), code("pass")], "the kernel died"),
    "12-raises": (
        [code("raise RuntimeError('no broker')"), code("pass")],
        "Cell execution caused an exception",
    ),
}
LAB = [
    code("print('15.1 take · NOT ATTEMPTED')", count=None),
    code("import os\nprint(os.environ.get('WORKBOOK_STRICT'), end='')", count=None),
    code("{}['a']", tags=["raises-exception"], count=None),
    code(HTML.format('<img alt="a" src="data:x">'), count=None),
    code("import time\nprint(time.time())", tags=["measured"], count=None),
]


def write(root, folder, name, cells):
    cells = [dict(cell, id=f"{name[:2]}-{number:03d}") for number, cell in enumerate(cells, start=1)]
    notebook = new_notebook(cells=[nbformat.from_dict(cell) for cell in cells], metadata=notebooks.METADATA)
    path = root / folder / f"{name}.ipynb"
    path.parent.mkdir(exist_ok=True)
    nbformat.write(notebook, path)
    return path


def transcript(root, path):
    """Write the golden transcript as `build` does."""
    ran = executing.run(path)
    text = golden.render(path.stem, ran)
    target = root / "tests" / "golden" / f"{path.stem}.txt"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    return target


def run_pytest(root, *arguments, **environment):
    """The outcome of every test: {nodeid: (outcome, message)}, in their order, and the whole output."""
    report = root / "report.xml"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "workbook.builder.validation",
        "-p",
        "no:cacheprovider",
        "--nbval",
        "--color=no",
        f"--rootdir={root}",
        f"--nbval-cell-timeout={CELL_TIMEOUT}",
        f"--junitxml={report}",
        *arguments,
    ]
    env = {
        **os.environ,
        "PYTHONPATH": str(paths.ROOT),
        "WORKBOOK_TWICE": "0",
        "WORKBOOK_QUICK": "0",
        **environment,
    }
    (root / "pytest.ini").write_text("[pytest]\njunit_family = xunit1\n")
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, timeout=200)
    outcomes = {}
    for case in ElementTree.parse(report).iter("testcase") if report.exists() else ():
        child = next((each for each in case if each.tag in ("failure", "error", "skipped")), None)
        text = "" if child is None else (child.get("message") or "") + (child.text or "")
        name = f"{case.get('file') or case.get('classname')}::{case.get('name')}"
        outcomes[name] = ("passed" if child is None else child.tag, text)
    return outcomes, done.stdout + done.stderr, done.returncode


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    root = tmp_path_factory.mktemp("guards")
    for name, cells in SOUND.items():
        write(root, "solutions", name, cells)
    for name, (cells, _) in BROKEN.items():
        write(root, "solutions", name, cells)
    started = time.monotonic()
    outcomes, output, _ = run_pytest(root, "solutions")
    return outcomes, output, time.monotonic() - started


def of(outcomes, name):
    found = [
        outcome
        for key, outcome in outcomes.items()
        if key.split("::")[0].removesuffix(".ipynb").endswith(name)
    ]
    assert found, (name, list(outcomes))
    return found


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_notebook_is_green(ran, name):
    assert [text for outcome, text in of(ran[0], name) if outcome != "passed"] == []


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_notebook_is_red_once_and_says_why(ran, name):
    outcomes = of(ran[0], name)
    failed = [text for outcome, text in outcomes if outcome in ("failure", "error")]
    assert len(failed) == 1, outcomes
    assert BROKEN[name][1] in failed[0]


@pytest.mark.parametrize("name", ["12-endless", "12-dies", "12-raises"])
def test_what_follows_a_broken_cell_is_not_run(ran, name):
    outcomes = of(ran[0], name)
    assert [outcome for outcome, _ in outcomes[1:]] == ["skipped"] * (len(outcomes) - 1)
    assert "not run" in outcomes[1][1]


def test_nothing_is_expected_to_fail_or_passes_unexpectedly(ran):
    assert "xfailed" not in ran[1] and "xpassed" not in ran[1]


def test_a_dead_kernel_is_noticed_at_once(tmp_path):
    write(tmp_path, "solutions", "12-dies", BROKEN["12-dies"][0])
    outcomes, _, _ = run_pytest(tmp_path, "solutions", "--nbval-cell-timeout=60")
    outcome, message = of(outcomes, "12-dies")[0]
    # Noticed late it would be nbval's time-out that is told, after a minute.
    assert outcome == "failure" and "the kernel died" in message and "Timeout" not in message


@pytest.mark.parametrize("option", ["--nbval-lax", "--nbval-sanitize-with=rules.cfg"])
def test_milder_comparison_is_refused(tmp_path, option):
    (tmp_path / "rules.cfg").write_text("")
    write(tmp_path, "solutions", "11-sound", SOUND["11-sound"])
    outcomes, output, status = run_pytest(tmp_path, "solutions", option)
    assert status == 4 and "compared strictly" in output and not outcomes


def test_a_lab_is_compared_with_its_transcript(tmp_path):
    path = write(tmp_path, "labs", "15-crashes", LAB)
    target = transcript(tmp_path, path)
    outcomes, output, status = run_pytest(tmp_path, "labs")
    assert status == 0, output
    assert len(outcomes) == len(LAB)
    target.write_text(target.read_text().replace("NOT ATTEMPTED", "PASS"))
    outcomes, output, status = run_pytest(tmp_path, "labs")
    assert [outcome for outcome, _ in of(outcomes, "15-crashes")].count("failure") == 1
    assert "Cell outputs differ" in of(outcomes, "15-crashes")[0][1]


def test_a_lab_without_a_fitting_transcript_is_red(tmp_path):
    path = write(tmp_path, "labs", "15-crashes", LAB)
    outcomes, _, _ = run_pytest(tmp_path, "labs")
    assert [outcome for outcome, _ in of(outcomes, "15-crashes")] == ["failure"]
    assert "15-crashes.txt is missing" in of(outcomes, "15-crashes")[0][1]
    transcript(tmp_path, path)
    write(tmp_path, "labs", "15-crashes", [*LAB, code("print('new')", count=None)])
    outcomes, _, _ = run_pytest(tmp_path, "labs")
    assert "of other cells" in of(outcomes, "15-crashes")[0][1]


def test_every_notebook_runs_again_after_all_others_in_reverse_order(tmp_path):
    for name in ("11-a", "12-b"):
        write(tmp_path, "solutions", name, [code("print(1)", stdout("1\n"))])
    outcomes, output, status = run_pytest(tmp_path, "solutions", "-v", WORKBOOK_TWICE="1")
    ran = [
        line.split("/")[1].split(".ipynb")[0] + (" again" if "(again)" in line else "")
        for line in output.splitlines()
        if "PASSED" in line
    ]
    assert status == 0, output
    assert ran == ["11-a", "12-b", "12-b again", "11-a again"]


def test_a_notebook_is_chosen_whole_or_not_at_all(tmp_path):
    for name in ("11-first", "12-second"):
        write(tmp_path, "solutions", name, [code(f"print({n})", stdout(f"{n}\n")) for n in (1, 2)])
    _, output, _ = run_pytest(tmp_path, "solutions", "--collect-only", "-q", "-k", "first or 002")
    assert [line.split(".")[0] for line in output.splitlines() if "::" in line] == ["solutions/11-first"] * 2


def test_a_quick_run_takes_one_lab_of_each_part(tmp_path):
    for name in ("00-a", "11-b", "15-c", "24-d", "26-e"):
        write(tmp_path, "solutions", name, [code("print(1)", stdout("1\n"))])
    _, output, _ = run_pytest(tmp_path, "solutions", "--collect-only", "-q", WORKBOOK_QUICK="1")
    collected = [line.split("/")[1][:2] for line in output.splitlines() if "::" in line]
    assert collected == ["00", "11", "24"]


def test_transcripts_survive_writing_and_reading():
    cells = [
        code("a", stdout("two\nlines\n"), stdout("")),
        code("b", stdout("no end"), error("Trouble", "first\n\n| bar\n-- stdout")),
        code("c", html('<img alt="x" src="data:…">'), new_output("execute_result", data={"text/plain": ""})),
        code(
            "d",
            stdout("\n"),
            stdout("== 15-001\n"),
            new_output("stream", name="stderr", text="\\ no newline at the end"),
        ),
    ]
    for number, cell in enumerate(cells, start=1):
        cell.id = f"15-{number:03d}"
        cell.outputs = notebooks.tidy(cell.outputs)
    parsed = golden.parse(golden.render("15-x", new_notebook(cells=cells)), "golden")
    assert [entry[0] for entry in parsed] == [cell.id for cell in cells]
    for cell, entry in zip(cells, parsed):
        assert notebooks.says(entry[3]) == notebooks.says(cell.outputs)
