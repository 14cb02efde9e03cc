"""The fixed form of our notebooks: same source, same bytes.

jupytext and Jupyter add random cell ids, versions and their own metadata; none of it is kept. Outputs are
tidied so that a second build of the same source changes nothing: paths leave the tracebacks, and an output
that says the same as the stored one leaves the stored one in place.
"""

import re

from workbook.builder import stripping

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}

_DATA_URI = re.compile(r"""(src=["'])data:[^"']*""")
_SVG = re.compile(r"(<svg\b[^>]*>).*?(</svg>)", re.DOTALL)
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def solution(lab):
    """The solution's notebook, not yet executed."""
    return _notebook(lab, lambda cell: cell.source)


def unsolved(lab):
    """The learner's notebook: answers taken out, no outputs."""
    return _notebook(lab, lambda cell: cell.stripped)


def _notebook(lab, source_of):
    import nbformat

    cells = []
    for cell in lab.cells:
        new = nbformat.v4.new_code_cell if cell.is_code else nbformat.v4.new_markdown_cell
        metadata = {"tags": list(cell.tags)} if cell.tags else {}
        cells.append(new(source_of(cell), id=cell.id, metadata=metadata))
    return nbformat.v4.new_notebook(cells=cells, metadata=nbformat.from_dict(METADATA))


def text_of(notebook):
    """The notebook as the file's text."""
    import nbformat

    nbformat.validate(notebook)
    return nbformat.writes(notebook, version=4, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def read(path):
    """The notebook in this file, or None when there is none."""
    import nbformat

    return nbformat.read(path, as_version=4) if path.exists() else None


def without_outputs(notebook):
    """The notebook's text as if it had never run: what freshness is compared by."""
    import nbformat

    bare = nbformat.from_dict(dict(notebook))
    bare = nbformat.reads(nbformat.writes(bare), as_version=4)
    for cell in bare.cells:
        if cell.cell_type == "code":
            cell.outputs = []
            cell.execution_count = None
    return text_of(bare)


def tags(cell):
    """The tags of a notebook's cell."""
    return tuple(cell.metadata.get("tags", ()))


def tidy(outputs):
    """Outputs as they are stored: streams merged, no frames from outside the notebook in tracebacks."""
    tidied = []
    for output in outputs:
        if output.output_type == "stream" and tidied and tidied[-1].get("name") == output.name:
            tidied[-1].text += output.text
            continue
        if output.output_type == "error":
            output.traceback = [part for part in output.traceback if not _is_foreign_frame(part)]
        tidied.append(output)
    return tidied


def _is_foreign_frame(part):
    return _ESCAPES.sub("", part).startswith("File ")


def stable(text):
    """Text without the bytes of pictures: what remains, alt text included, is the same in every run."""
    return _SVG.sub(r"\1…\2", _DATA_URI.sub(r"\1data:…", text))


def kinds(outputs):
    """What a cell's outputs are, in their order, without their content."""
    found = []
    for output in outputs:
        if output.output_type == "stream":
            kind = output.name
            if kind in found:
                continue  # nbval merges streams of one name; so must whoever compares with it
        elif output.output_type == "error":
            kind = "error"
        else:
            kind = output.output_type + " " + " ".join(sorted(output.data))
        found.append(kind)
    return found


def says(outputs):
    """The content that is compared: texts, with pictures left out."""
    said = []
    for output in outputs:
        if output.output_type == "stream":
            said.append((output.name, output.text))
        elif output.output_type == "error":
            said.append(("error", output.ename, output.evalue))
        else:
            texts = [
                (mime, stable(str(data)))
                for mime, data in sorted(output.data.items())
                if mime.startswith("text/")
            ]
            said.append((output.output_type, tuple(sorted(output.data)), tuple(texts)))
    return said


def keep_stored(notebook, stored):
    """Leave an output of the stored notebook in place where the new one, of the same source, says the same.

    Measured cells say something else at each run: for them the same kinds are enough.
    """
    before = {cell.id: cell for cell in stored.cells if cell.cell_type == "code"} if stored else {}
    for cell in notebook.cells:
        old = before.get(cell.id)
        if cell.cell_type != "code" or old is None or old.source != cell.source or not old.execution_count:
            continue
        same = kinds if "measured" in tags(cell) else says
        if same(old.outputs) == same(cell.outputs):
            cell.outputs = old.outputs
    return notebook


def untouched(source):
    """Whether a cell still holds a blank."""
    return stripping.BLANK in source
