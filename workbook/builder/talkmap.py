"""The README's map of the talk's points, generated from the cells' tags between two markers."""

from workbook.builder import sources, syllabus
from workbook.trouble import Trouble

BEGIN = "<!-- talk-map:begin -->"
END = "<!-- talk-map:end -->"


def tagged(labs, prefix):
    """What cells carry under `prefix` (`talk:` or `system:`) → the labs whose cells carry it, in order."""
    found = {}
    for lab in labs:
        for cell in lab.cells:
            for tag in cell.tags:
                if tag.startswith(prefix):
                    carrying = found.setdefault(tag.removeprefix(prefix), [])
                    if lab not in carrying:
                        carrying.append(lab)
    return found


def render(labs):
    """The map: a table of the points, and one of the systems, that the existing labs make happen."""
    points = tagged(labs, "talk:")
    lines = ["| the talk | point | lab |", "|---|---|---|"]
    for part, owned in syllabus.TALK.items():
        lines += [f"| {part} | {point} | {_links(points[point])} |" for point in owned if point in points]
    systems = tagged(labs, "system:")
    lines += ["", "| system | labs that run it or its algorithm |", "|---|---|"]
    lines += [f"| {system} | {_links(systems[system])} |" for system in syllabus.SYSTEMS if system in systems]
    return "\n".join(lines)


def updated(root, labs):
    """README.md's text with the map as the tags have it, or None when it has no place for one."""
    readme = root / "README.md"
    text = readme.read_text(encoding="utf-8") if readme.exists() else ""
    if BEGIN not in text and END not in text:
        return None
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(END) < text.index(BEGIN):
        raise Trouble(
            f"README.md: the map's markers are out of place; keep one {BEGIN} and, below it, one {END}."
        )
    head, _, rest = text.partition(BEGIN)
    return f"{head}{BEGIN}\n{render(labs)}\n{END}{rest.partition(END)[2]}"


def write(root):
    """Bring README.md's map up to date; whether that changed it."""
    text = updated(root, sources.read_all(root))
    readme = root / "README.md"
    if text is None or text == readme.read_text(encoding="utf-8"):
        return False
    readme.write_text(text, encoding="utf-8")
    return True


def _links(labs):
    return ", ".join(f"[{lab.name}](labs/{lab.name}.ipynb)" for lab in labs)
