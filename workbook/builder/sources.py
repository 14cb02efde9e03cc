"""A lab as its author wrote it: `solutions/NN-name.py` in jupytext's percent format."""

import ast
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from workbook.builder import stripping
from workbook.trouble import Trouble

NAME = re.compile(r"(\d\d)-[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Cell:
    """One cell of a source. `id` is the lab's number and the cell's position: the same at every build."""

    id: str
    kind: str
    source: str
    tags: tuple

    @property
    def is_code(self):
        return self.kind == "code"

    @cached_property
    def stripped(self):
        """The source as the learner gets it."""
        return stripping.strip(self.source) if self.is_code else self.source

    @cached_property
    def tree(self):
        """The cell's syntax tree; only for code."""
        return ast.parse(self.source)

    def numbers_given_to(self, function):
        """The numbers in calls such as `check("15.1")`, in order: exercises, checks or predictions."""
        return [
            node.args[0].value
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == function
            and node.args
            and isinstance(node.args[0], ast.Constant)
            and isinstance(node.args[0].value, str)
        ]


@dataclass(frozen=True)
class Lab:
    """A lab's cells, and where everything that is built from them goes."""

    root: Path
    name: str
    cells: tuple

    @property
    def number(self):
        return self.name[:2]

    @property
    def part(self):
        """The part of the course: the first digit."""
        return self.name[0]

    @property
    def source_path(self):
        return self.root / "solutions" / f"{self.name}.py"

    @property
    def solution_path(self):
        return self.root / "solutions" / f"{self.name}.ipynb"

    @property
    def lab_path(self):
        return self.root / "labs" / f"{self.name}.ipynb"

    @property
    def taught_path(self):
        return self.root / "workbook" / "taught" / f"lab{self.number}.py"

    @property
    def golden_path(self):
        return self.root / "tests" / "golden" / f"{self.name}.txt"

    @property
    def code_cells(self):
        return [cell for cell in self.cells if cell.is_code]

    @property
    def markdown_cells(self):
        return [cell for cell in self.cells if not cell.is_code]

    def exercise_cells(self):
        """Exercise number → the cell that registers it."""
        return {number: cell for cell in self.code_cells for number in cell.numbers_given_to("exercise")}


def sources(root):
    """The paths of all sources, in the order of their numbers."""
    return sorted((root / "solutions").glob("*.py"))


def read(path):
    """Read one source; `Trouble` names file, line and remedy for anything that can't be built."""
    import jupytext

    root = path.parent.parent
    where = path.relative_to(root).as_posix()
    if not NAME.fullmatch(path.stem):
        raise Trouble(
            f"{where}: a source is named NN-name.py, in lower case, as in 15-crashes.py; rename it."
        )
    text = path.read_text(encoding="utf-8")
    stripping.validate(text, where)
    notebook = jupytext.reads(text, fmt="py:percent")
    cells = []
    for position, cell in enumerate(notebook.cells, start=1):
        identity = f"{path.stem[:2]}-{position:03d}"
        if cell.cell_type not in ("markdown", "code"):
            raise Trouble(f"{where}: cell {identity} is a {cell.cell_type} cell; use markdown or code.")
        cells.append(Cell(identity, cell.cell_type, cell.source, tuple(cell.metadata.get("tags", ()))))
    for cell in cells:
        if not cell.is_code:
            continue
        for what, source in (("its code", cell.source), ("what is left without the answer", cell.stripped)):
            try:
                ast.parse(source)
            except SyntaxError as error:
                first = cell.source.splitlines()[0] if cell.source else ""
                raise Trouble(
                    f"{where}: cell {cell.id} ({first!r}): {what} is not Python ({error.msg}, line "
                    f"{error.lineno} of the cell); mend it, and use no magics."
                ) from None
    return Lab(root, path.stem, tuple(cells))


def read_all(root, numbers=()):
    """The labs with these numbers, or all; an unknown or doubled number is `Trouble`."""
    found = sources(root)
    by_number = {}
    for path in found:
        other = by_number.setdefault(path.stem[:2], path)
        if other is not path:
            raise Trouble(
                f"solutions/{path.name}: {other.name} has the same number; give one of them another."
            )
    for number in numbers:
        if number not in by_number:
            known = " ".join(sorted(by_number)) or "none yet"
            raise Trouble(f"There is no lab {number}; the labs are {known}.")
    return [read(path) for path in found if not numbers or path.stem[:2] in numbers]
