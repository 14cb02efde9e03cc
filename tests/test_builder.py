"""The builder: strict stripping, taught modules that import, builds that repeat, and every static check
biting once.

One small lab that passes every check is built once, in a folder of its own; each test breaks a copy of it in
one place. It needs no broker: it brings its own `exercise`, `check`, `predict` and `happened`.
"""

import importlib.util
import re
import shutil

import pytest

from workbook import paths
from workbook.builder import (
    answers,
    budgets,
    building,
    checking,
    main_build,
    notebooks,
    sources,
    stripping,
    syllabus,
)
from workbook.exercises import Exercise
from workbook.trouble import Trouble

PROSE = "A job is written down now and done later, by whoever comes first. " * 4
GOOD = (
    f"""\
# %% [markdown]
# # 11 Task queue
#
# {PROSE}

# %%
from collections import deque

def exercise(number):
    return lambda answer: answer

# %%
def check(number, answer):
    print(number, "take ·", "PASS" if answer(deque("ab")) else "NOT ATTEMPTED")

# %%
def predict(number, guess): ...
def happened(number, seen): print(seen)

# %% [markdown]
# ## Take
#
# {PROSE} See [recall](#recall) and [this lab](11-good.ipynb).

# %% tags=["teaches", "talk:job-later"]
LIMIT = 3

# %% tags=["teaches"]
@exercise("11.1")
def take(queue):
    \"\"\"Hand over the job that waits longest.\"\"\"
    ### BEGIN SOLUTION
    longest = queue[0] if queue else LIMIT
    queue.popleft()
    return longest
    ### END SOLUTION

# %%
check("11.1", take)

# %% tags=["talk:async-communication"]
predict("11.p1", 2)
print(sum([1, 1]))

# %%
happened("11.p1", 2)

# %% tags=["raises-exception", "talk:response-times"]
queue = deque()
queue.popleft()

# %% tags=["measured", "talk:backend-encapsulates"]
import time
print(time.time())

# %% tags=["figure", "system:redis"]
class Picture:
    def _repr_html_(self):
        return '<img alt="two jobs" src="data:image/png;base64,AAAA">'
    def __repr__(self):
        return "2 jobs"
Picture()
"""
    + f"""
# %% [markdown]
# ### More
#
# {PROSE}

# %%
waiting = deque("ab")
print(len(waiting))
"""
    * 9
    + f"""
# %% [markdown]
# ## Recall
#
# {PROSE}
#
# 1. Who has it?
# 2. Since when?
# 3. Until when?
# 4. Who knows?
# 5. And then?
"""
)
WRONG = '"""{}\n\nexpects: WRONG lost [stuck]\n"""\n\n\ndef take(queue):\n    return queue.pop()\n'
RIGHT = '"""The same, as a lambda."""\n\ntake = lambda queue: queue.popleft()\n'
README = "# Workbook\n\n<!-- talk-map:begin -->\n<!-- talk-map:end -->\n\nMore.\n"
HINTS = ("Which job has waited longest?", "What must not be there any more afterwards?")


def exercises_of(number, hints=HINTS, title="take"):
    return {"11.1": Exercise("11.1", title, tuple(hints), 5.0, None)} if number == "11" else {}


def make(root):
    for folder in ("solutions", "labs", "workbook/checks"):
        (root / folder).mkdir(parents=True)
    (root / "solutions" / "11-good.py").write_text(GOOD, encoding="utf-8")
    (root / "README.md").write_text(README, encoding="utf-8")
    for kind, text, names in (("wrong", WRONG, "abcd"), ("right", RIGHT, "ef")):
        folder = root / "tests" / f"{kind}_answers" / "11.1"
        folder.mkdir(parents=True)
        for name in names:
            (folder / f"{name}.py").write_text(text.format("Takes the youngest."), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    root = make(tmp_path_factory.mktemp("good"))
    building.build(root)
    return root


@pytest.fixture
def copy(built, tmp_path):
    shutil.copytree(built, tmp_path / "copy")
    return tmp_path / "copy"


def problems(root, **settings):
    return checking.check(root, exercises_of=lambda number: exercises_of(number, **settings))


def change(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


# --- stripping ----------------------------------------------------------------------------------------------


def test_a_region_becomes_one_line_at_its_indentation():
    source = "def f(x):\n    a = 1\n    ### BEGIN SOLUTION\n    b = 2\n\n    if b:\n        return b\n"
    source += "    ### END SOLUTION\n    return a"
    assert stripping.strip(source) == "def f(x):\n    a = 1\n    ...  # your answer\n    return a"
    assert stripping.answers(source) == [["    b = 2", "", "    if b:", "        return b"]]
    assert "SOLUTION" not in stripping.without_markers(source)


def test_several_regions_in_one_cell():
    source = "### BEGIN SOLUTION\na\n### END SOLUTION\nb\n### BEGIN SOLUTION\nc\n### END SOLUTION"
    stripping.validate("# %%\n" + source, "x")
    assert stripping.strip(source) == "...  # your answer\nb\n...  # your answer"


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("# %%\n### BEGIN SOLUTION\n### BEGIN SOLUTION\na\n### END SOLUTION", 3, "inside the one of line 2"),
        ("# %%\n### BEGIN SOLUTION\na", 2, "is not ended"),
        ("# %%\n### BEGIN SOLUTION\na\n# %%\n### END SOLUTION", 2, "is not ended within its cell"),
        ("# %%\na\n### END SOLUTION", 3, "without a"),
        ("# %%\n### END SOLUTION\na\n### BEGIN SOLUTION", 2, "without a"),
        ("# %%\nif a:\n    ### BEGIN SOLUTION\n    b\n### END SOLUTION", 5, "indented"),
        ("# %%\nif a:\n    ### BEGIN SOLUTION\n  b\n    ### END SOLUTION", 4, "indented less"),
        ("# %%\na = 1  ### BEGIN SOLUTION\nb\n### END SOLUTION", 2, "is not a marker"),
        ("# %%\n### begin solution\nb\n### end solution", 2, "is not a marker"),
        ("# %%\n## BEGIN SOLUTION\nb\n## END SOLUTION", 2, "is not a marker"),
        ("# %%\n### BEGIN SOLUTION here\nb\n### END SOLUTION", 2, "is not a marker"),
        ("# %% [markdown]\n# ### BEGIN SOLUTION\n# b", 2, "in a markdown cell"),
        ("# %%\n### BEGIN SOLUTION\n\n### END SOLUTION", 4, "nothing between"),
        ('# %%\nq = """\n### BEGIN SOLUTION\nb\n### END SOLUTION\n"""', 3, "inside a string"),
    ],
)
def test_a_marker_out_of_place_is_an_error_with_its_line(text, line, what):
    with pytest.raises(Trouble) as raised:
        stripping.validate(text, "solutions/15-x.py")
    assert str(raised.value).startswith(f"solutions/15-x.py:{line}: ")
    assert what in str(raised.value)
    assert "; " in str(raised.value)


# --- sources and taught modules -----------------------------------------------------------------------------


def lab_of(tmp_path, text, name="15-crashes"):
    path = tmp_path / "solutions" / f"{name}.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return sources.read(path)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("# %%\ndef f(:", "is not Python"),
        ("# %%\n%matplotlib inline", "is not Python"),
        ("# %%\nx = [\n    ### BEGIN SOLUTION\n    1\n    ### END SOLUTION\n] if", "is not Python"),
        (
            "# %%\nx = {\n    'a':\n    ### BEGIN SOLUTION\n    1,\n    ### END SOLUTION\n    'b': 2}",
            "without the answer is not",
        ),
        ("# %% [raw]\nx", "is a raw cell"),
    ],
)
def test_a_source_that_cannot_be_built_is_refused(tmp_path, text, what):
    with pytest.raises(Trouble, match=what):
        lab_of(tmp_path, text)


@pytest.mark.parametrize("name", ["crashes", "15_crashes", "15-Crashes", "1-a"])
def test_a_source_is_named_by_number(tmp_path, name):
    with pytest.raises(Trouble, match="NN-name.py"):
        lab_of(tmp_path, "# %%\n1", name)


def test_numbers_that_no_lab_or_two_labs_have(built, tmp_path):
    with pytest.raises(Trouble, match="There is no lab 99; the labs are 11"):
        sources.read_all(built, ["99"])
    lab_of(tmp_path, "# %%\n1", "15-a")
    lab_of(tmp_path, "# %%\n1", "15-b")
    with pytest.raises(Trouble, match="the same number"):
        sources.read_all(tmp_path)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('# %% tags=["teaches"]\ndef f():\n    return lab.redis', "uses lab, which"),
        ('# %% tags=["teaches"]\nclass A:\n    x = helper()', "uses helper, which"),
        ('# %% tags=["teaches"]\ndef f(): ...\nprint(f())', "a taught cell only defines"),
        ('# %% tags=["teaches"]\ndef f(): ...\n# %% tags=["teaches"]\ndef f(): ...', "f is taught twice"),
    ],
)
def test_taught_code_that_would_not_import_is_refused(tmp_path, text, what):
    from workbook.builder import taught

    with pytest.raises(Trouble, match=what):
        taught.module(lab_of(tmp_path, text))


def test_a_taught_module_imports_and_holds_answers_without_registering(built):
    path = built / "workbook" / "taught" / "lab11.py"
    text = path.read_text(encoding="utf-8")
    assert "exercise" not in text and "SOLUTION" not in text and "Built from solutions/11-good.py" in text
    spec = importlib.util.spec_from_file_location("taught_lab11", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.take(["a"] and __import__("collections").deque("ab")) == "a"
    assert module.PREDICTED == {"11.p1": 1}, "how many values, never which"


@pytest.mark.parametrize(
    ("call", "count"),
    [("1, 2, 3", 3), ("[1, 2]", 2), ("first=1, second=2", 2), ("(1, 2), 3", 2), ("*values", None), ("**values", None)],
)
def test_the_values_of_a_prediction_are_counted(tmp_path, call, count):
    from workbook.builder import taught

    table = taught._predicted(lab_of(tmp_path, f'# %%\npredict("11.p1", {call})\n'))
    assert (f'"11.p1": {count},' in table) if count else table == ""


def test_only_imports_that_are_used_are_collected(tmp_path):
    from workbook.builder import taught

    text = taught.module(
        lab_of(
            tmp_path,
            (
                "# %%\nimport json, time as clock\nfrom collections import deque, Counter\n"
                "import xml.sax.saxutils\n"
                '# %% tags=["teaches"]\nimport os\n'
                "def f(x):\n    return deque([clock.time(), os.name, xml.sax])\n"
            ),
        )
    )
    imports = [line for line in text.splitlines() if line.startswith(("import", "from"))]
    assert imports == [
        "import os",
        "import time as clock",
        "import xml.sax.saxutils",
        "from collections import deque",
    ]


# --- building -----------------------------------------------------------------------------------------------


def test_a_good_lab_has_no_problems(built):
    assert problems(built) == []


def test_building_again_changes_no_byte(copy):
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    building.build(copy)
    assert {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()} == before


def test_a_lab_has_no_answers_and_the_same_ids_as_its_solution(built):
    lab, solution = (notebooks.read(built / folder / "11-good.ipynb") for folder in ("labs", "solutions"))
    assert "popleft()\n    return longest" not in (built / "labs" / "11-good.ipynb").read_text(
        encoding="utf-8"
    )
    assert [cell.id for cell in lab.cells] == [cell.id for cell in solution.cells]
    assert lab.cells[0].id == "11-001" and lab.metadata == solution.metadata == notebooks.METADATA
    assert all(not cell.outputs for cell in lab.cells if cell.cell_type == "code")


def test_a_measured_output_is_kept_while_its_source_is(copy):
    path = copy / "solutions" / "11-good.py"

    def measured():
        return (
            next(
                cell
                for cell in notebooks.read(copy / "solutions" / "11-good.ipynb").cells
                if "measured" in notebooks.tags(cell)
            )
            .outputs[0]
            .text
        )

    before = measured()
    building.build(copy, ["11"])
    assert measured() == before
    change(path, "print(time.time())", "print(time.time() + 1)")
    building.build(copy, ["11"])
    assert measured() != before


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("raise ValueError('no queue')", r"cell 11-\d+ raised ValueError: no queue"),
        ("import os; os._exit(1)", r"the kernel died in cell 11-\d+"),
    ],
)
def test_a_cell_that_fails_ends_the_build_in_a_sentence(copy, capsys, code, what):
    change(copy / "solutions" / "11-good.py", "print(sum([1, 1]))", code)
    with pytest.raises(Trouble, match=what):
        building.build(copy)
    assert main_build(root=copy) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_the_command_reports_problems_and_status(copy, capsys):
    assert main_build(check=True, root=copy) == 1  # the checks are the workbook's own, and those of lab 11 are others
    told = capsys.readouterr().out
    assert "workbook/checks/lab11.py" in told and re.search(r"^build --check: \d+ problems?$", told, re.MULTILINE)
    (copy / "solutions" / "11-good.py").unlink()
    assert main_build(check=True, root=copy) == 1
    assert "it belongs to no lab" in capsys.readouterr().out


# --- checking: each check, broken once ----------------------------------------------------------------------

SOURCE = "solutions/11-good.py"
IN_THE_SOURCE = {
    "stale": ("LIMIT = 3", "LIMIT = 4", "it differs from its source"),
    "stale taught": ("LIMIT = 3", "LIMIT = 4", "taught/lab11.py: it differs from what the source teaches"),
    "stale transcript": ("LIMIT = 3", "LIMIT = 4", "labs/11-good.ipynb: cell 11-006: it differs"),
    "teaches what it can't": ("return longest", "return check", "taught code uses check"),
    "cells": (
        "# %% [markdown]\n# ### More",
        "# %%\n1\n" * 30 + "\n# %% [markdown]\n# ### More",
        "the budget is 30–50",
    ),
    "long cell": ("print(len(waiting))", "print(len(waiting))\n" * 9, "a demonstration has at most 8"),
    "median": (
        "# %% [markdown]\n# ### More",
        "# %%\n1\n" * 19 + "\n# %% [markdown]\n# ### More",
        "in the median",
    ),
    "long answer": (
        "    queue.popleft()\n    return longest",
        "    queue.popleft()\n" * 16 + "    return longest",
        "an answer of 18 lines",
    ),
    "needless exemption": (
        "# # 11 Task queue",
        "# # 11 Task queue\n# <!-- budget: cells 60, because it is so long -->",
        "exemption for cells is not needed",
    ),
    "exemption without reason": (
        "# # 11 Task queue",
        "# # 11 Task queue\n# <!-- budget: cells 60 -->",
        "no exemption",
    ),
    "misplaced exemption": (
        "# ## Take",
        "# ## Take\n# <!-- budget: cells 60, because it is so long -->",
        "outside the first cell",
    ),
    "two titles": ("# ## Take", "# # Take", "exactly one heading of level 1"),
    "skipped level": ("# ## Take", "# ### Take", "skips a level"),
    "no title": ("# # 11 Task queue", "# Task queue", "does not begin with a heading"),
    "no recall": ("# ## Recall", "# ## The end", "recall questions"),
    "few questions": ("# 5. And then?", "#", "4 recall questions"),
    "dead link": ("(11-good.ipynb)", "(12-gone.ipynb)", "12-gone.ipynb leads nowhere"),
    "dead anchor": ("(#recall)", "(#gone)", "#gone names no heading"),
    "http": ("(#recall)", "(http://example.org)", "is not https"),
    "picture without alt": ("[recall](#recall)", "![](x.png)", "without alt text"),
    "unknown tag": ('"system:redis"', '"system:memcached"', "unknown tag system:memcached"),
    "misspelt tag": ('"measured"', '"mesured"', "unknown tag mesured"),
    "foreign point": ('"system:redis"', '"talk:anonymity"', "belongs to lab 22"),
    "missing point": (', "talk:job-later"', "", "talk point job-later is not shown"),
    "tagged prose": (
        "# %% [markdown]\n# ## Take",
        '# %% [markdown] tags=["measured"]\n# ## Take',
        "on a markdown cell",
    ),
    "unchecked exercise": ('check("11.1", take)', "print(take)", "no later cell calls check('11.1')"),
    "foreign exercise": ('@exercise("11.1")', '@exercise("12.1")', "does not belong to this lab"),
    "bars without words": ("print(sum([1, 1]))", 'figures.bars({"a": 1}, "t", unit="jobs")', "figures.bars without x; say what"),
    "unresolved prediction": ('happened("11.p1", 2)', "print(2)", "no later cell calls happened('11.p1')"),
    "resolved without asking": (
        'predict("11.p1", 2)',
        "print(2)",
        "happened('11.p1') without its prediction",
    ),
    "blank of nothing": ('@exercise("11.1")\n', "", "a blank that is neither"),
    "no blank": ("    ### BEGIN SOLUTION\n", "", "without a ### BEGIN SOLUTION"),
    "untaught exercise": ('# %% tags=["teaches"]\n@exercise', "# %%\n@exercise", "is not tagged teaches"),
    "comment of nbval": ("print(sum([1, 1]))", "# NBVAL_IGNORE_OUTPUT\nprint(sum([1, 1]))", "NBVAL_"),
}


@pytest.mark.parametrize("case", IN_THE_SOURCE)
def test_a_problem_in_the_source_is_named(copy, case):
    old, new, what = IN_THE_SOURCE[case]
    change(copy / SOURCE, old, new)
    assert any(what in line for line in problems(copy)), problems(copy)


def test_little_prose_is_named(copy):
    path = copy / SOURCE
    path.write_text(path.read_text(encoding="utf-8").replace(PROSE, "Short."), encoding="utf-8")
    assert any("words of prose a line of code" in line for line in problems(copy))


def test_an_exemption_with_a_reason_covers(copy):
    change(copy / SOURCE, "print(len(waiting))", "print(len(waiting))\n" * 9)
    change(
        copy / SOURCE,
        "# # 11 Task queue",
        "# # 11 Task queue\n# <!-- budget: demonstration 10, because the loop is one thought -->",
    )
    building.build(copy)
    assert problems(copy) == []
    change(copy / SOURCE, "demonstration 10", "demonstration 9")
    assert any("a demonstration has at most 8" in line for line in problems(copy))


def in_notebook(root, folder, tag, edit):
    path = root / folder / "11-good.ipynb"
    notebook = notebooks.read(path)
    edit(
        next(
            cell
            for cell in notebook.cells
            if cell.cell_type == "code" and tag in (*notebooks.tags(cell), None)
        )
    )
    path.write_text(notebooks.text_of(notebook), encoding="utf-8")


def stream(name, text):
    import nbformat

    return nbformat.v4.new_output("stream", name=name, text=text)


def data(**mimes):
    import nbformat

    return nbformat.v4.new_output(
        "display_data", data={key.replace("_", "/"): value for key, value in mimes.items()}
    )


IN_THE_OUTPUT = {
    "never executed": (None, lambda cell: cell.update(execution_count=None, outputs=[]), "never executed"),
    "no error": ("raises-exception", lambda cell: cell.update(outputs=[]), "it raised nothing"),
    "stderr": (
        "measured",
        lambda cell: cell.outputs.append(stream("stderr", "careful\n")),
        "wrote to stderr: 'careful'",
    ),
    "address": (
        None,
        lambda cell: cell.outputs.append(stream("stdout", "<A at 0x7f00aa>\n")),
        "an address in memory",
    ),
    "path": (
        None,
        lambda cell: cell.outputs.append(stream("stdout", "/tmp/x.py\n")),
        "a path of one machine",
    ),
    "bare picture": ("figure", lambda cell: cell.outputs.append(data(image_png="AAAA")), "bare picture"),
    "no alt": (
        "figure",
        lambda cell: cell.update(outputs=[data(text_html='<img alt="" src="data:x">')]),
        "without alt text",
    ),
    "no figure": ("figure", lambda cell: cell.update(outputs=[]), "holds no HTML image"),
    "no numbers": (
        "figure",
        lambda cell: cell.update(outputs=[data(text_html='<img alt="2" src="data:x">')]),
        "without its numbers",
    ),
    "untagged figure": (
        None,
        lambda cell: cell.outputs.append(data(text_html='<img alt="2" src="data:x">')),
        "is not tagged",
    ),
    "not compared": (None, lambda cell: cell.outputs.append(data(application_json="1")), "is not compared"),
}


@pytest.mark.parametrize("case", IN_THE_OUTPUT)
def test_a_problem_in_a_stored_output_is_named(copy, case):
    tag, edit, what = IN_THE_OUTPUT[case]
    in_notebook(copy, "solutions", tag, edit)
    assert any(what in line for line in problems(copy)), problems(copy)


def test_an_error_that_no_tag_allows_is_named(copy):
    import nbformat

    error = nbformat.v4.new_output("error", ename="KeyError", evalue="1", traceback=[])
    in_notebook(copy, "solutions", "measured", lambda cell: cell.outputs.append(error))
    assert any("it raised KeyError" in line for line in problems(copy))


def test_a_lab_with_outputs_or_other_code_is_named(copy):
    in_notebook(
        copy, "labs", None, lambda cell: cell.update(execution_count=1, outputs=[stream("stdout", "x")])
    )
    assert any("a lab ships without outputs" in line for line in problems(copy))
    in_notebook(copy, "labs", "teaches", lambda cell: cell.update(source="LIMIT = 5"))
    assert any("labs/11-good.ipynb: cell 11-006: it differs" in line for line in problems(copy))


def test_a_transcript_that_is_missing_broken_or_of_other_verdicts_is_named(copy):
    path = copy / "tests" / "golden" / "11-good.txt"
    change(path, "NOT ATTEMPTED", "PASS")
    assert any("does not say NOT ATTEMPTED there" in line for line in problems(copy))
    change(path, "== 11-002", "== 11-003")
    assert any("of other cells" in line for line in problems(copy))
    path.write_text("first\nnonsense\n", encoding="utf-8")
    assert any("no line of a transcript" in line for line in problems(copy))
    path.unlink()
    assert any("tests/golden/11-good.txt: it is missing" in line for line in problems(copy))


def test_a_solution_whose_check_did_not_pass_is_named(copy):
    change(copy / "solutions" / "11-good.ipynb", "take · PASS", "take · WRONG")
    assert any("does not say PASS there" in line for line in problems(copy))


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"hints": ("one",)}, "has 1 hints"),
        ({"hints": ("word " * 43, "two")}, "has 43 words"),
        (
            {"hints": ("Write longest = queue[0] if queue else LIMIT", "two")},
            "contains the answer's 'longest = queue",
        ),
        ({"hints": ("What does jobs.popleft() do?", "two")}, "contains the answer's 'popleft('"),
        ({"title": "give"}, "does not define give"),
    ],
)
def test_a_problem_of_an_exercise_is_named(copy, settings, what):
    assert any(what in line for line in problems(copy, **settings)), problems(copy, **settings)


def test_exercises_without_check_and_checks_without_exercise_are_named(copy):
    assert any("11.1 has no check" in line for line in checking.check(copy, exercises_of=lambda number: {}))
    other = {"11.1": exercises_of("11")["11.1"], "11.2": exercises_of("11")["11.1"]}
    assert any(
        "checks 11.2, which" in line for line in checking.check(copy, exercises_of=lambda number: other)
    )


def test_wrong_and_right_answers_are_counted_and_their_headers_read(copy):
    folder = copy / "tests" / "wrong_answers" / "11.1"
    (folder / "a.py").unlink()
    (copy / "tests" / "right_answers" / "11.1" / "e.py").unlink()
    change(folder / "b.py", "expects:", "expcts:")
    change(folder / "c.py", "def take", "def give")
    change(folder / "d.py", '"""Takes the youngest.\n\nexpects: WRONG lost [stuck]\n"""', "")
    found = problems(copy)
    for what in (
        "3 wrong answers",
        "1 right answers",
        "b.py: its docstring needs one line",
        "c.py: it defines no take",
        "d.py: it has no docstring",
    ):
        assert any(what in line for line in found), found


@pytest.mark.parametrize(
    "path",
    [
        "labs/12-old.ipynb",
        "solutions/notes.txt",
        "workbook/taught/lab12.py",
        "workbook/checks/lab12.py",
        "tests/golden/12-old.txt",
        "tests/wrong_answers/12.1/a.py",
        "tests/right_answers/11.1/notes.txt",
    ],
)
def test_stray_files_are_named(copy, path):
    (copy / path).parent.mkdir(parents=True, exist_ok=True)
    (copy / path).write_text("")
    assert any("it belongs to no lab" in line for line in problems(copy))


def test_the_map_of_talk_points_is_generated_and_its_freshness_checked(copy):
    readme = copy / "README.md"
    text = readme.read_text(encoding="utf-8")
    assert "| Background jobs | job-later | [11-good](labs/11-good.ipynb) |" in text and text.endswith(
        "More.\n"
    )
    assert "| redis | [11-good]" in text and "retries" not in text
    change(readme, "job-later", "job-soon")
    assert any("README.md: its map" in line for line in problems(copy))
    change(readme, "<!-- talk-map:end -->", "")
    assert any("markers are out of place" in line for line in problems(copy))


def test_the_workbook_itself_is_fresh_and_well_formed():
    assert checking.check(paths.ROOT) == []


def test_the_syllabus_owns_every_point_once():
    points = [point for owned in syllabus.TALK.values() for point in owned]
    assert len(points) == len(set(points)) == 85
    assert {syllabus.OWNER[point] for point in ("no-exactly-once", "at-least-or-at-most")} == {"15"}


# --- answers' headers ---------------------------------------------------------------------------------------


def test_a_header_says_what_is_expected(tmp_path):
    path = tmp_path / "a.py"
    path.write_text('"""Too early.\n\nexpects: YOUR CODE RAISED\nsays: line 2\nsays: order 7\n"""\n')
    assert answers.expected(path) == answers.Expected(
        "Too early.", "YOUR CODE RAISED", frozenset(), frozenset(), ("line 2", "order 7")
    )
    path.write_text('"""Too early.\n\nexpects: WRONG lost, duplicated [stuck]\n"""\n')
    assert answers.expected(path).anomalies == {"lost", "duplicated"} and answers.expected(path).possible == {
        "stuck"
    }


@pytest.mark.parametrize(
    "header", ["expects: PASS", "expects: wrong lost", "expects: WRONG", "expects: WRONG a\nexpects: WRONG b"]
)
def test_a_header_that_would_let_anything_pass_is_refused(tmp_path, header):
    path = tmp_path / "a.py"
    path.write_text(f'"""Too early.\n\n{header}\n"""\n')
    with pytest.raises(Trouble):
        answers.expected(path)


def test_an_answer_is_loaded_as_a_cell_would_be():
    import inspect
    import traceback

    names = answers.load("def take(x):\n    return 1 / x\n")
    assert names["take"].__module__ == "__main__"
    assert inspect.getsource(names["take"]) == "def take(x):\n    return 1 / x\n"
    with pytest.raises(ZeroDivisionError) as raised:
        names["take"](0)
    assert "return 1 / x" in "".join(traceback.format_exception(raised.value))


# --- counting -----------------------------------------------------------------------------------------------


def test_code_lines_are_counted_without_comments_and_docstrings():
    assert (
        budgets.code_lines(
            'def f(x):\n    """Say.\n\n    More.\n    """\n    # why\n\n    return (x +\n            1)'
        )
        == 3
    )
    assert budgets.code_lines("") == 0


def test_words_are_counted_without_code_and_comments():
    assert (
        budgets.words(
            "# Two words\n\n```python\nnot = these\n```\n<!-- nor these -->\n| and | three | more |"
        )
        == 5
    )


# --- the README ---------------------------------------------------------------------------------------------


def test_the_readme_lists_every_lab_with_its_minutes():
    readme = (paths.ROOT / "README.md").read_text("utf-8")
    listed = dict(re.findall(r"^\| \[\d\d [^]]+\]\(labs/([\w-]+)\.ipynb\) .* \| (\d+) \|$", readme, re.MULTILINE))
    said = {}
    for lab in sources.read_all(paths.ROOT):
        said[lab.name] = re.search(r"\*\*Time\*\* (\d+) minutes", lab.source_path.read_text("utf-8")).group(1)
    assert listed == said
