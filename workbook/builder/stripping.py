"""Taking the answers out: two markers, strictly placed.

    ### BEGIN SOLUTION
    ### END SOLUTION

Each stands alone on its line, both at the same indentation; what is between them, the markers included,
becomes the one line `...  # your answer`. A marker that is nested, unterminated or misplaced is an error: a
stripper that guesses either ships an answer or takes the question away.
"""

import io
import re
import tokenize

from workbook.trouble import Trouble

BEGIN = "### BEGIN SOLUTION"
END = "### END SOLUTION"
BLANK = "...  # your answer"

_NEAR = re.compile(r"#\s*(begin|end)\s+solution", re.IGNORECASE)
_CELL = re.compile(r"# %%(.*)")


def validate(text, where):
    """Raise `Trouble` with file, line and remedy for the first marker that is out of place."""
    lines = text.splitlines()
    begun = None
    markdown = False
    inside_strings = _lines_inside_strings(text)
    for number, line in enumerate(lines, start=1):
        cell = _CELL.match(line)
        if cell:
            if begun:
                _complain(
                    where, begun[0], f"{BEGIN} is not ended within its cell", f"add {END} below the answer"
                )
            markdown = "[markdown]" in cell[1]
            continue
        if not _NEAR.search(line):
            if begun and line.strip() and not line.startswith(begun[1]):
                _complain(where, number, f"this line is indented less than its {BEGIN}", "indent both alike")
            continue
        marker = line.strip()
        if markdown:
            _complain(where, number, "a solution marker in a markdown cell", "move it into a code cell")
        if marker not in (BEGIN, END):
            _complain(
                where, number, f"{marker!r} is not a marker", f"write {BEGIN} or {END}, alone on its line"
            )
        if number in inside_strings:
            _complain(where, number, "a solution marker inside a string", "move it out of the string")
        indentation = line[: len(line) - len(line.lstrip())]
        if marker == BEGIN:
            if begun:
                _complain(where, number, f"{BEGIN} inside the one of line {begun[0]}", f"add {END} before it")
            begun = (number, indentation)
            continue
        if not begun:
            _complain(where, number, f"{END} without a {BEGIN}", f"add {BEGIN} above the answer")
        if indentation != begun[1]:
            _complain(
                where,
                number,
                f"{END} is not indented like its {BEGIN} in line {begun[0]}",
                "indent both alike",
            )
        if not any(kept.strip() for kept in lines[begun[0] : number - 1]):
            _complain(where, number, "there is nothing between the markers", "put the answer between them")
        begun = None
    if begun:
        _complain(where, begun[0], f"{BEGIN} is not ended within its cell", f"add {END} below the answer")


def strip(source):
    """A code cell without its answers. Its markers must have passed `validate`."""
    kept = []
    inside = False
    for line in source.splitlines():
        marker = line.strip()
        if marker == BEGIN:
            inside = True
            kept.append(line[: len(line) - len(line.lstrip())] + BLANK)
        elif marker == END:
            inside = False
        elif not inside:
            kept.append(line)
    return "\n".join(kept)


def without_markers(source):
    """A code cell with its answers, but without the marker lines: as it is taught."""
    return "\n".join(line for line in source.splitlines() if line.strip() not in (BEGIN, END))


def answers(source):
    """The lines between the markers, one list for each pair."""
    regions = []
    inside = False
    for line in source.splitlines():
        marker = line.strip()
        if marker == BEGIN:
            inside = True
            regions.append([])
        elif marker == END:
            inside = False
        elif inside:
            regions[-1].append(line)
    return regions


def _lines_inside_strings(text):
    # Only strings over several lines matter: a marker inside one looks as if it stood alone on its line.
    lines = set()
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.STRING:
                lines.update(range(token.start[0], token.end[0] + 1))
    except (tokenize.TokenError, SyntaxError):
        # The cell is not Python: reading it says so in a better sentence.
        pass
    return lines


def _complain(where, number, what, remedy):
    raise Trouble(f"{where}:{number}: {what}; {remedy}.")
