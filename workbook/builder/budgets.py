"""The budgets of a lab, as its learner gets it, and the exemptions that its header gives reasons for."""

import ast
import io
import re
import statistics
import tokenize

from workbook.builder import stripping

EXEMPTION = re.compile(r"<!--\s*budget:\s*(.*?)\s*-->", re.DOTALL)
_NAMES = ("cells", "demonstration", "median", "blank", "prose")
_EXEMPTION_PARTS = re.compile(r"(\w+) (\d+(?:\.\d+)?), because (\S+(?:\s+\S+){2,})", re.DOTALL)
_LAYOUT = {
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.COMMENT,
    tokenize.ENDMARKER,
}


def code_lines(source):
    """How many lines hold code: not blank, no comment, no docstring."""
    documented = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                documented.update(range(first.lineno, first.end_lineno + 1))
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in _LAYOUT:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines - documented)


def answer_lines(lines):
    """How many of an answer's lines hold more than a comment."""
    return sum(1 for line in lines if line.strip() and not line.strip().startswith("#"))


def words(markdown):
    """How many words of prose: no code blocks, no comments."""
    prose = re.sub(r"<!--.*?-->", " ", markdown, flags=re.DOTALL)
    prose = re.sub(r"^(```|~~~).*?^\1", " ", prose, flags=re.DOTALL | re.MULTILINE)
    return sum(1 for word in prose.split() if any(letter.isalnum() for letter in word))


def check(lab):
    """Yield (cell id, what, remedy) for each budget that is exceeded without a reason."""
    exempt, complaints = _exemptions(lab)
    yield from complaints
    used = set()

    def over(name, value, limit, most=True):
        """Whether `value` is beyond the limit and no exemption covers it."""
        if (value <= limit) if most else (value >= limit):
            return False
        used.add(name)
        limit = exempt.get(name, limit)
        return value > limit if most else value < limit

    count = len(lab.cells)
    if over("cells", count, 50) or (count < 30 and over("cells", count, 30, most=False)):
        yield "", f"{count} cells, the budget is 30–50", "split, merge, or give the reason in the header"
    blanks = [cell for cell in lab.code_cells if cell.stripped != cell.source]
    sizes = {cell: code_lines(cell.source) for cell in lab.code_cells if cell not in blanks}
    for cell, size in sizes.items():
        if over("demonstration", size, 8):
            yield (
                cell.id,
                f"{size} lines of code, a demonstration has at most 8",
                "split it, or name what it does",
            )
    median = statistics.median(sizes.values()) if sizes else 3
    if over("median", median, 4) or (median < 2 and over("median", median, 2, most=False)):
        yield (
            "",
            f"demonstration cells have {median:g} lines in the median, the budget is 2–4",
            "split or merge some",
        )
    for cell in blanks:
        for region in stripping.answers(cell.source):
            if over("blank", answer_lines(region), 15):
                yield (
                    cell.id,
                    f"an answer of {answer_lines(region)} lines, at most 15",
                    "make it two exercises",
                )
    lines = sum(code_lines(cell.stripped) for cell in lab.code_cells)
    ratio = sum(words(cell.source) for cell in lab.markdown_cells) / max(lines, 1)
    if over("prose", ratio, 12, most=False):
        yield "", f"{ratio:.1f} words of prose a line of code, at least 12", "say what the code shows"
    for name in sorted(set(exempt) - used):
        yield lab.cells[0].id, f"the exemption for {name} is not needed", "take it out"


def _exemptions(lab):
    found, complaints = {}, []
    for cell in lab.markdown_cells:
        for text in EXEMPTION.findall(cell.source):
            parts = _EXEMPTION_PARTS.fullmatch(text)
            if cell is not lab.cells[0]:
                complaints.append(
                    (cell.id, "a budget exemption outside the first cell", "move it to the header")
                )
            elif not parts or parts[1] not in _NAMES:
                remedy = f"write <!-- budget: cells 56, because … --> with one of {', '.join(_NAMES)}"
                complaints.append((cell.id, f"no exemption: {text!r}", remedy))
            else:
                found[parts[1]] = float(parts[2])
    return found, complaints
