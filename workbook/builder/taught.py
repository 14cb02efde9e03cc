"""`workbook/taught/labNN.py`: what a lab taught, for later labs, workers and benchmarks.

Cells tagged `teaches` go there in their order, answers included, with the imports that they use. They hold
definitions only, so that importing the module does nothing: evidence belongs into the cell after the
definition. With them goes how many values each prediction has (`PREDICTED`), never which.
"""

import ast
import builtins
import dis
import re
import textwrap

from workbook.builder import stripping
from workbook.trouble import Trouble

_DEFINING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)
_IMPORTING = (ast.Import, ast.ImportFrom)
_KNOWN_TO_EVERY_MODULE = {
    *dir(builtins),
    "__name__",
    "__file__",
    "__doc__",
    "__annotations__",
    "__builtins__",
}


def module(lab):
    """The text of the lab's taught module, None when it teaches nothing; `Trouble` when it can't import."""
    chunks = []
    heading = ""
    for cell in lab.cells:
        if not cell.is_code:
            heading = _last_heading(cell.source) or heading
        elif "teaches" in cell.tags:
            _only_defines(lab, cell)
            where = f"# Taught in labs/{lab.name}.ipynb, cell {cell.id}" + (f": {heading}" if heading else "")
            chunks.append(f"{where}\n{_body(cell)}")
    if not chunks:
        return None
    code = "\n\n\n".join(chunks)
    imports = _imports_used(lab, code)
    _resolves(lab, code, imports)
    docstring = f'"""What lab {lab.number} teaches, as later labs, workers and benchmarks import it.\n\n'
    docstring += f'Built from solutions/{lab.name}.py by `python3 -m workbook build`: change it there.\n"""\n'
    return docstring + ("\n" + "\n".join(imports) + "\n" if imports else "") + "\n" + code + "\n" + _predicted(lab)


def _predicted(lab):
    """How many values each `predict` of the source has, as a table; one whose arguments are starred is left out."""
    counts = {}
    for cell in lab.code_cells:
        for node in ast.walk(cell.tree):
            named = isinstance(node, ast.Call) and getattr(node.func, "id", None) == "predict" and node.args
            if not named or not isinstance(node.args[0], ast.Constant):
                continue
            values = node.args[1:]
            if len(values) == 1 and isinstance(values[0], (ast.List, ast.Tuple)):
                values = values[0].elts
            if not any(isinstance(one, ast.Starred) for one in values) and all(one.arg for one in node.keywords):
                counts[node.args[0].value] = len(values) + len(node.keywords)
    if not counts:
        return ""
    table = "".join(f'    "{number}": {count},\n' for number, count in counts.items())
    return f'\n\n# How many values each prediction has: `predict` says so when another number is given.\nPREDICTED = {{\n{table}}}\n'


def _body(cell):
    """The cell's definitions: no markers, no imports (they are collected), no registration of an exercise."""
    source = stripping.without_markers(cell.source)
    drop = set()
    for node in ast.parse(source).body:
        if isinstance(node, _IMPORTING):
            drop.update(range(node.lineno, node.end_lineno + 1))
        for decorator in getattr(node, "decorator_list", ()):
            if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", None) == "exercise":
                drop.update(range(decorator.lineno, decorator.end_lineno + 1))
    kept = [line.rstrip() for number, line in enumerate(source.splitlines(), start=1) if number not in drop]
    return "\n".join(kept).strip("\n")


def _only_defines(lab, cell):
    for number, node in enumerate(cell.tree.body):
        if isinstance(node, _DEFINING + _IMPORTING):
            continue
        if number == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        code = ast.unparse(node).splitlines()[0]
        raise Trouble(
            f"solutions/{lab.name}.py: cell {cell.id} is tagged `teaches` and runs `{code}`; "
            "a taught cell only defines: move this line into the next cell."
        )


def _imports_used(lab, code):
    """The import lines of all the lab's cells, one name each, as far as `code` uses the name."""
    used = {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
    lines = {}
    for cell in lab.code_cells:
        for node in cell.tree.body:
            if not isinstance(node, _IMPORTING):
                continue
            for alias in node.names:
                bound = alias.asname or alias.name.split(".")[0]
                if bound not in used or bound == "exercise":
                    continue
                renamed = f" as {alias.asname}" if alias.asname else ""
                if isinstance(node, ast.Import):
                    lines[f"import {alias.name}{renamed}"] = None
                else:
                    lines[f"from {node.module} import {alias.name}{renamed}"] = None
    # `import` lines first, then `from` lines, each sorted; the standard library is not set apart.
    return sorted(lines, key=lambda line: (line.startswith("from"), line))


def _resolves(lab, code, imports):
    """Each global name that the taught code reads is defined there or imported, and none is defined twice."""
    defined = []
    for node in ast.parse(code).body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            defined.append(node.name)
        else:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            for target in targets:
                defined.extend(
                    name.id for name in ast.walk(target) if isinstance(name, ast.Name)
                ) if target else None
    for name in sorted({name for name in defined if defined.count(name) > 1}):
        raise Trouble(f"solutions/{lab.name}.py: {name} is taught twice; tag only one cell that defines it.")
    bound = set(defined)
    for node in ast.parse("\n".join(imports)).body:
        bound.update(alias.asname or alias.name.split(".")[0] for alias in node.names)
    missing = sorted(_globals_read(compile(code, lab.name, "exec")) - bound - _KNOWN_TO_EVERY_MODULE)
    if missing:
        raise Trouble(
            f"solutions/{lab.name}.py: taught code uses {', '.join(missing)}, which no taught cell defines; "
            "tag the defining cell, or hand it over as an argument."
        )


def _globals_read(code):
    names = {
        instruction.argval
        for instruction in dis.get_instructions(code)
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    }
    # In a class body LOAD_NAME also reads names that the body itself stores.
    names -= {i.argval for i in dis.get_instructions(code) if i.opname == "STORE_NAME"}
    names -= {"__module__", "__qualname__"}
    for constant in code.co_consts:
        if hasattr(constant, "co_code"):
            names |= _globals_read(constant)
    return names


def _last_heading(markdown):
    headings = re.findall(r"^#{1,6} +(.+?) *#*$", textwrap.dedent(markdown), re.MULTILINE)
    return headings[-1] if headings else None
