"""`build --check`: whether everything built is fresh and well formed. It runs nothing and needs no broker.

Each problem is one line: file: cell: what; remedy.
"""

import ast
import re

from workbook.builder import (
    answers,
    budgets,
    golden,
    notebooks,
    sources,
    stripping,
    syllabus,
    talkmap,
    taught,
)
from workbook.trouble import Trouble

_REBUILD = "python3 -m workbook build {number}"
_IGNORED = {"__pycache__", ".ipynb_checkpoints", ".gitkeep"}
_VARIES = {
    re.compile(r"0x[0-9a-f]{6,}"): "an address in memory",
    re.compile(r"/(?:tmp|home|root|Users|var|usr)/\S"): "a path of one machine",
    re.compile(r"ipykernel_\d+"): "the file of a cell, which has the kernel's process id",
}
_LINK = re.compile(r"(?<!\\)(!?)\[([^\]]*)\]\(\s*<?([^)>\s]+)>?[^)]*\)")
_IMAGE = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_ALT = re.compile(r"""\balt=(["'])(.*?)\1""", re.IGNORECASE | re.DOTALL)


def check(root, numbers=(), exercises_of=None):
    """All problems as lines, of the labs with these numbers or of all.

    `exercises_of` (lab number → exercise number → exercise) is the package's own unless a test hands over
    another.
    """
    try:
        labs = sources.read_all(root)
        chosen = [lab for lab in labs if not numbers or lab.number in numbers]
        if numbers:
            sources.read_all(root, numbers)  # complains about unknown ones
    except Trouble as trouble:
        return [str(trouble)]
    if exercises_of is None:
        from workbook.exercises import exercises_of
    problems = []
    for lab in chosen:
        for part in (_fresh, _outputs, _form, _tags, budgets.check, _axes, _predictions):
            problems += _lines(lab, part(lab))
        problems += _lines(lab, _exercises(lab, exercises_of))
    if not numbers:
        problems += _talk(labs)
        problems += _strays(root, labs)
    return problems


def _lines(lab, found):
    lines = []
    for cell, what, remedy, *file in found:
        where = file[0] if file else f"solutions/{lab.name}.py"
        lines.append(
            f"{where}: " + (f"cell {cell}: " if cell else "") + f"{what}; {remedy.format(number=lab.number)}"
        )
    return lines


# --- fresh --------------------------------------------------------------------------------------------------


def _fresh(lab):
    """Everything built says what the source says."""
    for path, wanted in (
        (lab.solution_path, notebooks.solution(lab)),
        (lab.lab_path, notebooks.unsolved(lab)),
    ):
        file = path.relative_to(lab.root).as_posix()
        stored = notebooks.read(path)
        if stored is None:
            yield "", "it is missing", _REBUILD, file
        elif notebooks.without_outputs(stored) != notebooks.text_of(wanted):
            yield _first_difference(stored, wanted), "it differs from its source", _REBUILD, file
    file = lab.taught_path.relative_to(lab.root).as_posix()
    try:
        text = taught.module(lab)
    except Trouble as trouble:
        yield (
            "",
            str(trouble).removeprefix(f"solutions/{lab.name}.py: ").rstrip("."),
            "see How to add a lab in README.md",
        )
        return
    stored = lab.taught_path.read_text(encoding="utf-8") if lab.taught_path.exists() else None
    if stored != text:
        yield "", "it differs from what the source teaches", _REBUILD, file


def _first_difference(stored, wanted):
    for old, new in zip(stored.cells, wanted.cells):
        if (old.id, old.source, old.metadata) != (new.id, new.source, new.metadata):
            return new.id
    return ""


def _outputs(lab):
    """Solutions ran to the end without surprises; labs hold no outputs; the transcript is of this lab."""
    solved, unsolved = notebooks.read(lab.solution_path), notebooks.read(lab.lab_path)
    file = lab.solution_path.relative_to(lab.root).as_posix()
    for cell in solved.cells if solved else ():
        if cell.cell_type == "code":
            complaints = [*_complaints_about(cell), *_complaints_about_figures(cell)]
            yield from ((cell.id, what, remedy, file) for what, remedy in complaints)
    file = lab.lab_path.relative_to(lab.root).as_posix()
    for cell in unsolved.cells if unsolved else ():
        if cell.cell_type == "code" and (cell.outputs or cell.execution_count):
            yield cell.id, "a lab ships without outputs", _REBUILD, file
    file = lab.golden_path.relative_to(lab.root).as_posix()
    if not lab.golden_path.exists():
        yield "", "it is missing", _REBUILD, file
    elif unsolved:
        try:
            transcript = golden.parse(lab.golden_path.read_text(encoding="utf-8"), file)
            golden.overlay(unsolved, transcript, file)
        except Trouble as trouble:
            yield "", str(trouble).removeprefix(f"{file}: "), _REBUILD, file
            return
        for cell in unsolved.cells:
            if cell.cell_type == "code":
                yield from ((cell.id, what, remedy, file) for what, remedy in _complaints_about(cell))


def _complaints_about(cell):
    """What a stored output must not be."""
    tags = notebooks.tags(cell)
    if not cell.execution_count:
        yield "it was never executed, so nothing is compared", _REBUILD
    errors = [output for output in cell.outputs if output.output_type == "error"]
    if "raises-exception" in tags and not errors:
        yield "tagged raises-exception, but it raised nothing", "mend the cell or take the tag off"
    if "raises-exception" not in tags and errors:
        yield f"it raised {errors[0].ename}", "mend the cell or tag it raises-exception"
    for output in cell.outputs:
        if output.get("name") == "stderr":
            yield f"it wrote to stderr: {output.text.splitlines()[0]!r}", "mend what warns"
        data = output.get("data", {})
        if any(mime.startswith("application/") for mime in data):
            yield "an output that is not compared", "show text or HTML"
        if "measured" in tags:
            continue
        html = notebooks.stable(data.get("text/html", ""))
        texts = [output.get("text", ""), output.get("evalue", ""), data.get("text/plain", ""), html]
        for pattern, what in _VARIES.items():
            if any(pattern.search(text) for text in texts):
                yield f"its output holds {what}, which varies", "print what does not vary"


def _complaints_about_figures(cell):
    """Figures are HTML images with alt text, and their numbers stand beside them."""
    pictures = []
    for output in cell.outputs:
        data = output.get("data", {})
        if any(mime.startswith("image/") for mime in data):
            yield "a bare picture has no alt text", "show it as an HTML image through workbook.figures"
        pictures += _IMAGE.findall(notebooks.stable(data.get("text/html", "")))
    for picture in pictures:
        alt = _ALT.search(picture)
        if not alt or not alt[2].strip():
            yield "a figure without alt text", 'add alt="…" that says what is to be seen'
    tagged = "figure" in notebooks.tags(cell)
    if pictures and not tagged:
        yield "it draws a figure and is not tagged", "tag it figure"
    if tagged and not pictures:
        yield "tagged figure, but its output holds no HTML image", "draw it, or take the tag off"
    if tagged and not any(_is_text(output) for output in cell.outputs):
        yield "a figure without its numbers in text", "print them in the same cell"


def _is_text(output):
    # The text beside an HTML output counts, unless it is only an object's name, such as
    # <IPython.core.display.HTML …>.
    said = output.get("text") or output.get("data", {}).get("text/plain", "")
    return bool(said.strip()) and not said.startswith("<")


# --- form ---------------------------------------------------------------------------------------------------


def _form(lab):
    """Headings in order, links that lead somewhere, recall questions at the end."""
    headings = [
        (cell.id, len(marks), text) for cell in lab.markdown_cells for marks, text in _headings(cell.source)
    ]
    if not lab.cells or lab.cells[0].is_code or not lab.cells[0].source.startswith("# "):
        yield "", "it does not begin with a heading", "begin the first cell with `# ` and the lab's title"
    if sum(1 for _, level, _ in headings if level == 1) != 1:
        yield "", "it needs exactly one heading of level 1", "make the others `## `"
    for (_, before, _), (cell, level, text) in zip(headings, headings[1:]):
        if level > before + 1:
            yield cell, f"heading {text!r} skips a level", f"make it level {before + 1}"
    yield from _recall(lab, headings)
    anchors = {_anchor(text) for _, _, text in headings}
    for cell in lab.markdown_cells:
        for image, text, target in _LINK.findall(_without_code(cell.source)):
            if image and not text.strip():
                yield cell.id, f"image {target} without alt text", "write it between the brackets"
            yield from _leads(lab, cell, target, anchors)
        for picture in _IMAGE.findall(cell.source):
            if not _ALT.search(picture):
                yield cell.id, "an image without alt text", 'add alt="…"'
    for cell in lab.code_cells:
        if "NBVAL_" in cell.source:
            yield cell.id, "an NBVAL_ comment makes something pass", "take it out and use the tags"


def _recall(lab, headings):
    sections = [(cell, text) for cell, level, text in headings if level == 2]
    if not sections or "recall" not in sections[-1][1].lower():
        yield "", "it does not end with recall questions", "end with `## Recall` and 5–10 numbered questions"
        return
    started = [cell.id for cell in lab.cells].index(sections[-1][0])
    below = "\n".join(cell.source for cell in lab.cells[started:] if not cell.is_code)
    asked = len(re.findall(r"^\d+\. ", below.split(sections[-1][1], 1)[1], re.MULTILINE))
    if not 5 <= asked <= 10:
        yield sections[-1][0], f"{asked} recall questions", "ask 5–10, as a numbered list"


def _leads(lab, cell, target, anchors):
    if target.startswith("#"):
        if target[1:].lower() not in anchors:
            yield cell.id, f"link {target} names no heading of this lab", "correct it"
    elif re.match(r"[a-z]+:", target):
        if not target.startswith("https://"):
            yield cell.id, f"link {target} is not https", "correct it"
    elif not (lab.root / "labs" / target.split("#")[0]).exists():
        yield cell.id, f"link {target} leads nowhere from labs/", "correct it"


def _headings(markdown):
    return re.findall(r"^(#{1,6}) +(.+?) *#*$", _without_code(markdown), re.MULTILINE)


def _without_code(markdown):
    return re.sub(r"^(```|~~~).*?^\1", "", markdown, flags=re.DOTALL | re.MULTILINE)


def _anchor(heading):
    # JupyterLab's: spaces become hyphens, nothing else changes; compared without case.
    return heading.strip().replace(" ", "-").lower()


def _tags(lab):
    """Every tag is known, and stands where it may."""
    for cell in lab.cells:
        for tag in cell.tags:
            prefix, colon, name = tag.partition(":")
            if not colon:
                known = tag in syllabus.PLAIN_TAGS
            else:
                known = (prefix == "talk" and name in syllabus.OWNER) or (
                    prefix == "system" and name in syllabus.SYSTEMS
                )
            if not known:
                yield cell.id, f"unknown tag {tag}", "see workbook/builder/syllabus.py"
            elif not cell.is_code:
                yield cell.id, f"tag {tag} on a markdown cell", "tag the code cell that makes it happen"
            elif prefix == "talk" and colon and syllabus.OWNER[name] != lab.number:
                yield cell.id, f"talk point {name} belongs to lab {syllabus.OWNER[name]}", "take the tag off"
        if len(set(cell.tags)) != len(cell.tags):
            yield cell.id, "a tag twice", "keep one"
    have = {tag for cell in lab.cells for tag in cell.tags}
    for point, owner in syllabus.OWNER.items():
        if owner == lab.number and f"talk:{point}" not in have:
            yield "", f"talk point {point} is not shown", f"tag the cell that makes it happen talk:{point}"


def _axes(lab):
    """Bars say what one of them stands for and what is counted. (The other figures' axes say it by themselves.)"""
    for cell in lab.code_cells:
        for node in ast.walk(cell.tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "figures.bars":
                missing = [word for word in ("x", "unit") if word not in {keyword.arg for keyword in node.keywords}]
                if missing:
                    yield cell.id, f"figures.bars without {' and '.join(missing)}", "say what a bar stands for (x) and its unit"


# --- exercises and predictions ------------------------------------------------------------------------------


def _predictions(lab):
    predicted = _positions(lab, "predict")
    happened = _positions(lab, "happened")
    yield from _paired(lab, predicted, happened, "prediction", "happened")


def _paired(lab, asked, answered, what, function):
    for number, places in asked.items():
        cell = lab.cells[places[0]].id
        if not number.startswith(lab.number + "."):
            yield cell, f"{what} {number} does not belong to this lab", f"number it {lab.number}.…"
        if len(places) > 1:
            yield lab.cells[places[1]].id, f"{what} {number} a second time", "keep one"
        if not any(place > places[0] for place in answered.get(number, ())):
            yield cell, f"no later cell calls {function}({number!r})", "add it below"
    for number in sorted(set(answered) - set(asked)):
        yield lab.cells[answered[number][0]].id, f"{function}({number!r}) without its {what}", "add it above"


def _positions(lab, function):
    found = {}
    for position, cell in enumerate(lab.cells):
        for number in cell.numbers_given_to(function) if cell.is_code else ():
            found.setdefault(number, []).append(position)
    return found


def _exercises(lab, exercises_of):
    """Each exercise is registered, checked, hinted at, and has its wrong and right answers."""
    registered = _positions(lab, "exercise")
    yield from _paired(lab, registered, _positions(lab, "check"), "exercise", "check")
    for cell in lab.code_cells:
        if cell.stripped != cell.source and not (
            cell.numbers_given_to("exercise") + cell.numbers_given_to("predict")
        ):
            yield (
                cell.id,
                "a blank that is neither an exercise nor a prediction",
                "register it, or show the code",
            )
    checks = f"workbook/checks/lab{lab.number}.py"
    try:
        judged = exercises_of(lab.number)
    except Exception as error:  # whatever the module raises when imported, the author reads it here
        yield "", f"importing it raised {type(error).__name__}: {error}", "mend it", checks
        return
    for number in sorted(set(registered) - set(judged)):
        yield "", f"exercise {number} has no check", f'add @checks("{number}", …)', checks
    for number in sorted(set(judged) - set(registered)):
        yield (
            "",
            f"it checks {number}, which the lab does not ask",
            "remove it, or register the exercise",
            checks,
        )
    for number in sorted(set(judged) & set(registered)):
        cell = lab.cells[registered[number][0]]
        yield from _exercise(lab, number, judged[number], cell)
    yield from _said(lab, lab.solution_path, registered, "PASS")
    yield from _said(lab, lab.golden_path, registered, "NOT ATTEMPTED")


def _exercise(lab, number, exercise, cell):
    if cell.stripped == cell.source:
        yield (
            cell.id,
            f"exercise {number} has no blank",
            f"put {stripping.BEGIN} and {stripping.END} around its answer",
        )
    if "teaches" not in cell.tags:
        yield (
            cell.id,
            f"exercise {number} is not tagged teaches",
            "tag it, so that the reference answer can be imported",
        )
    if exercise.title not in _defined(cell):
        yield cell.id, f"it does not define {exercise.title}, the exercise's title", "name both alike"
    checks = f"workbook/checks/lab{lab.number}.py"
    if not 2 <= len(exercise.hints) <= 3:
        yield "", f"{number} has {len(exercise.hints)} hints", "give 2 or 3", checks
    for place, hint in enumerate(exercise.hints, start=1):
        if len(hint.split()) > 42:
            yield "", f"hint {place} of {number} has {len(hint.split())} words", "at most 42", checks
        given = _given_away(hint, cell.source)
        if given:
            yield (
                "",
                f"hint {place} of {number} contains the answer's {given!r}",
                "name the property instead",
                checks,
            )
    for kind, least in (("wrong", 4), ("right", 2)):
        found = answers.files(lab.root, kind, number)
        folder = f"tests/{kind}_answers/{number}"
        if len(found) < least:
            yield "", f"{len(found)} {kind} answers", f"write at least {least}", folder
        for path in found:
            file = f"{folder}/{path.name}"
            try:
                (answers.expected if kind == "wrong" else answers.header)(path)
            except (Trouble, SyntaxError) as error:
                yield "", str(error).removeprefix(f"{file}: "), "see workbook/builder/answers.py", file
                continue
            if exercise.title not in _names_in(ast.parse(path.read_text(encoding="utf-8"))):
                yield "", f"it defines no {exercise.title}", "name its answer like the exercise", file


def _defined(cell):
    return _names_in(cell.tree)


def _names_in(tree):
    names = set()
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names.update(
                name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)
            )
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update(alias.asname or alias.name.split(".")[0] for alias in node.names)
    return names


def _given_away(hint, source):
    """The first piece of the answer that the hint contains: a whole line, or a call."""
    plain = " ".join(hint.split())
    for region in stripping.answers(source):
        for line in region:
            code = " ".join(line.split())
            if len(code) >= 12 and not code.startswith("#") and code in plain:
                return code
        for call in re.findall(r"\.(\w{3,}\()", "\n".join(region)):
            if call in plain:
                return call
    return None


def _said(lab, path, registered, word):
    """The stored output of each check's cell holds the verdict that it must."""
    file = path.relative_to(lab.root).as_posix()
    if not path.exists():
        return
    if path.suffix == ".ipynb":
        outputs = {cell.id: cell.get("outputs", []) for cell in notebooks.read(path).cells}
    else:
        try:
            outputs = {entry[0]: entry[3] for entry in golden.parse(path.read_text(encoding="utf-8"), file)}
        except Trouble:
            return
    for number, places in _positions(lab, "check").items():
        cell = lab.cells[places[-1]].id
        said = "\n".join(str(part) for entry in notebooks.says(outputs.get(cell, [])) for part in entry)
        if number in registered and not re.search(rf"{re.escape(number)}\b.*\b{word}", said):
            yield (
                cell,
                f"check({number!r}) does not say {word} there",
                "mend the lab and build it again",
                file,
            )


# --- the whole ----------------------------------------------------------------------------------------------


def _talk(labs):
    if not labs:
        return []
    root = labs[0].root
    try:
        text = talkmap.updated(root, labs)
    except Trouble as trouble:
        return [str(trouble)]
    if text is not None and text != (root / "README.md").read_text(encoding="utf-8"):
        return ["README.md: its map of the talk's points differs from the tags; python3 -m workbook build"]
    return []


def _strays(root, labs):
    """Files in the built and test folders that belong to no lab or exercise."""
    known = {
        "labs": {f"{lab.name}.ipynb" for lab in labs},
        "solutions": {f"{lab.name}.{ending}" for lab in labs for ending in ("py", "ipynb")},
        "workbook/taught": {"__init__.py"} | {f"lab{lab.number}.py" for lab in labs},
        "workbook/checks": {"__init__.py", "jobs.py", "messages.py"} | {f"lab{lab.number}.py" for lab in labs},
        "tests/golden": {f"{lab.name}.txt" for lab in labs},
    }
    numbers = {number for lab in labs for number in lab.exercise_cells()}
    for kind in ("wrong", "right"):
        known[f"tests/{kind}_answers"] = numbers
        known |= {f"tests/{kind}_answers/{number}": None for number in numbers}
    for folder, names in known.items():
        for path in sorted((root / folder).glob("*")):
            if path.name in _IGNORED:
                continue
            if path.suffix != ".py" if names is None else path.name not in names:
                yield f"{folder}/{path.name}: it belongs to no lab; remove it"
