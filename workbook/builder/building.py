"""`build`: from the sources, write everything that is built, and execute it."""

from workbook.builder import executing, golden, notebooks, sources, talkmap, taught
from workbook.say import note, step

_TAUGHT_PACKAGE = '"""What the labs taught, one module a lab, built by `python3 -m workbook build`."""\n'


def build(root, numbers=()):
    """Build the labs with these numbers, or all; prints a line for each step. Raises `Trouble`."""
    labs = sources.read_all(root, numbers)
    # A lab may import what another taught, so all taught modules are there before any notebook runs.
    write_taught(labs)
    for lab in labs:
        with step(f"solutions/{lab.name}.ipynb"):
            solved = executing.execute(
                notebooks.solution(lab), lab.solution_path.parent, True, f"solutions/{lab.name}.ipynb"
            )
            notebooks.keep_stored(_tidied(solved), notebooks.read(lab.solution_path))
            _write(lab.solution_path, notebooks.text_of(solved))
        with step(f"labs/{lab.name}.ipynb and its transcript"):
            unsolved = notebooks.unsolved(lab)
            lab.lab_path.parent.mkdir(exist_ok=True)
            _write(lab.lab_path, notebooks.text_of(unsolved))
            ran = executing.execute(unsolved, lab.lab_path.parent, False, f"labs/{lab.name}.ipynb")
            _write(lab.golden_path, golden.render(lab.name, _tidied(ran)))
    if talkmap.write(root):
        note("  README.md: the talk's points")


def write_taught(labs):
    """Write the labs' taught modules."""
    for lab in labs:
        package = lab.taught_path.parent / "__init__.py"
        if not package.exists():
            _write(package, _TAUGHT_PACKAGE)
        text = taught.module(lab)
        if text is not None:
            _write(lab.taught_path, text)
        elif lab.taught_path.exists():
            lab.taught_path.unlink()


def _tidied(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.metadata.pop("execution", None)
            cell.outputs = notebooks.tidy(cell.outputs)
    notebook.metadata = type(notebook.metadata)(notebooks.METADATA)
    return notebook


def _write(path, text):
    # An unchanged file keeps its time stamp, so that a build is visible as what it changed.
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
