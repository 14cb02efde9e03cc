"""Golden transcripts: what an unsolved lab says from its first cell to its last.

Labs ship without outputs, and nbval compares nothing with nothing. So the builder runs each unsolved lab and
writes down what every cell said, readable and reviewable as a diff; the tests lay it over the lab's cells.
Only `build` rewrites it.

    == 15-012 5a1f0c22 …          cell, digest of its source
    -- stdout                     one output, its text behind bars
    | 15.1 take · NOT ATTEMPTED
    -- display_data text/html text/plain
    - text/html
    | <img alt="…" src="data:…">
    -- error NotImplementedError
    | the message
    == 15-013 77aa01d4 measured   of a measured cell only the kinds are kept
"""

import hashlib

from workbook.builder import notebooks
from workbook.trouble import Trouble

_TITLE = "Golden transcript of labs/{name}.ipynb, run unsolved. Only `python3 -m workbook build` rewrites it."
_UNENDED = "\\ no newline at the end"


def digest(source):
    """A short fingerprint of a cell's source, to see that the transcript belongs to it."""
    return hashlib.sha256(source.encode()).hexdigest()[:8]


def render(name, notebook):
    """The transcript of an executed notebook."""
    lines = [_TITLE.format(name=name)]
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        measured = "measured" in notebooks.tags(cell)
        lines.append(f"== {cell.id} {digest(cell.source)}" + (" measured" if measured else ""))
        for output in cell.outputs:
            if output.output_type == "stream":
                lines.append(f"-- {output.name}")
                lines.extend([] if measured else _barred_stream(output.text))
            elif output.output_type == "error":
                lines.append(f"-- error {output.ename}")
                lines.extend(_barred(output.evalue))
            else:
                lines.append(f"-- {output.output_type} {' '.join(sorted(output.data))}")
                for mime in sorted(output.data):
                    if mime.startswith("text/") and not measured:
                        lines.append(f"- {mime}")
                        lines.extend(_barred(notebooks.stable(output.data[mime])))
    return "\n".join(lines) + "\n"


def parse(text, where):
    """The transcript as a list of (cell id, digest, measured, outputs); `Trouble` when it isn't one."""
    import nbformat

    cells = []
    outputs = barred = None

    def close():
        if barred is not None:
            barred["set"](barred["lines"])

    for number, line in enumerate(text.split("\n")[1:], start=2):
        if line.startswith("| ") or line in ("|", _UNENDED):
            if barred is None:
                raise Trouble(
                    f"{where}:{number}: text without its output; rebuild: python3 -m workbook build"
                )
            barred["lines"].append(line)
            continue
        close()
        barred = None
        if line.startswith("== "):
            identity, fingerprint, *rest = line[3:].split(" ")
            outputs = []
            cells.append((identity, fingerprint, rest == ["measured"], outputs))
        elif line.startswith("-- ") and outputs is not None:
            kind, *rest = line[3:].split(" ")
            if kind in ("stdout", "stderr"):
                output = nbformat.v4.new_output("stream", name=kind, text="")
                barred = {
                    "lines": [],
                    "set": lambda lines, o=output: lines and o.update(text=_unbarred_stream(lines)),
                }
            elif kind == "error":
                output = nbformat.v4.new_output("error", ename=rest[0], evalue="", traceback=[])
                barred = {"lines": [], "set": lambda lines, o=output: o.update(evalue=_unbarred(lines))}
            else:
                output = nbformat.v4.new_output(kind, data={mime: "" for mime in rest})
                if kind == "execute_result":
                    output.execution_count = 1
            outputs.append(output)
        elif line.startswith("- ") and outputs:
            data, mime = outputs[-1].data, line[2:]
            barred = {"lines": [], "set": lambda lines, d=data, m=mime: d.update({m: _unbarred(lines)})}
        elif line:
            raise Trouble(
                f"{where}:{number}: {line!r} is no line of a transcript; rebuild: python3 -m workbook build"
            )
    close()
    return cells


def overlay(notebook, transcript, where):
    """Lay a parsed transcript over the unsolved notebook's cells, so that nbval compares them."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    expected = [(cell.id, digest(cell.source), "measured" in notebooks.tags(cell)) for cell in code]
    if [entry[:3] for entry in transcript] != expected:
        raise Trouble(
            f"{where}: the golden transcript is of other cells than the lab; python3 -m workbook build"
        )
    for count, (cell, entry) in enumerate(zip(code, transcript), start=1):
        cell.execution_count = count
        cell.outputs = entry[3]
    return notebook


def _barred(text):
    return [f"| {line}" if line else "|" for line in text.split("\n")]


def _barred_stream(text):
    # A stream ends with a newline; one that doesn't says so.
    return _barred(text[:-1]) if text.endswith("\n") else [*_barred(text), _UNENDED]


def _unbarred(lines):
    return "\n".join(line[2:] for line in lines)


def _unbarred_stream(lines):
    return _unbarred(lines[:-1]) if lines[-1:] == [_UNENDED] else _unbarred(lines) + "\n"
