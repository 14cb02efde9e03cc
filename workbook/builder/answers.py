"""The files that hold wrong and other right answers: their headers, and loading them as a notebook cell
would.

A wrong answer's docstring says what it gets wrong and which verdict it must get:

    \"\"\"Acknowledges before the work is done.

    expects: WRONG lost [stuck]
    says: order 7
    \"\"\"

After the verdict's word stand the anomalies that must be reported; those in brackets may be; no other may.
`says:` lines are fragments of the rendered verdict.
"""

import ast
import linecache
import re
from dataclasses import dataclass
from pathlib import Path

from workbook.trouble import Trouble

WORDS = ("PASS", "WRONG", "YOUR CODE RAISED", "NOT ATTEMPTED", "CANNOT TELL", "BROKER DOWN")


@dataclass(frozen=True)
class Expected:
    """What a wrong answer's header promises."""

    mistake: str
    word: str
    anomalies: frozenset
    possible: frozenset
    says: tuple


def files(root, kind, number=None):
    """The files under tests/wrong_answers or tests/right_answers (`kind`), of one exercise or of all."""
    return sorted((root / "tests" / f"{kind}_answers").glob(f"{number or '*'}/*.py"))


def header(path):
    """The docstring's first line; `Trouble` when there is none."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    if not docstring.strip():
        raise Trouble(
            f"{_named(path)}: it has no docstring; say in its first line what is special about this answer."
        )
    return docstring.splitlines()[0]


def expected(path):
    """The parsed header of a wrong answer; `Trouble` when it is malformed."""
    first = header(path)
    lines = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))).splitlines()[1:]
    fields = {"expects": [], "says": []}
    for line in lines:
        name, colon, value = line.strip().partition(":")
        if colon and name in fields:
            fields[name].append(value.strip())
    if len(fields["expects"]) != 1:
        raise Trouble(f"{_named(path)}: its docstring needs one line such as `expects: WRONG lost`.")
    verdict = fields["expects"][0]
    word = next((word for word in WORDS if re.match(rf"{word}\b", verdict)), None)
    if word in (None, "PASS", "BROKER DOWN"):
        raise Trouble(
            f"{_named(path)}: {verdict!r} is no verdict for a wrong answer; begin with one of {WORDS[1:5]}."
        )
    names = verdict.removeprefix(word).replace(",", " ").split()
    anomalies = frozenset(name for name in names if not name.startswith("["))
    possible = frozenset(name.strip("[]") for name in names) - anomalies
    if not anomalies and not fields["says"] and word != "NOT ATTEMPTED":
        raise Trouble(
            f"{_named(path)}: it names no anomaly, so any {word} would do; add `says: ` and a fragment of it."
        )
    return Expected(first, word, anomalies, possible, tuple(fields["says"]))


def load(source, names=None):
    """Run `source` as a notebook runs a cell; returns the names it defined.

    The code belongs to `__main__` and its lines are found by `inspect` and in tracebacks, under the same kind
    of file name that a kernel gives: what the package does with a learner's cell it does with this.
    """
    from ipykernel.compiler import get_file_name

    file = get_file_name(source)
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    namespace = {"__name__": "__main__", "__builtins__": __builtins__, **(names or {})}
    exec(compile(source, file, "exec"), namespace)
    return namespace


def load_file(path, title):
    """The object named `title` that the answer's file defines; `Trouble` when there is none."""
    namespace = load(Path(path).read_text(encoding="utf-8"))
    if title not in namespace:
        raise Trouble(f"{_named(path)}: it defines no {title}; name its answer like the exercise.")
    return namespace[title]


def _named(path):
    return "/".join(Path(path).parts[-4:])
