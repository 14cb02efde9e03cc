"""How long the test suite and the notebooks took when they last ran: `test` writes it down, nothing is run here."""

import json

from benchmarks import Row
from workbook import paths
from workbook.trouble import Trouble


def measure(quick):
    try:
        kept = json.loads((paths.STATE / "timings.json").read_text("utf-8"))
    except (OSError, ValueError):
        raise Trouble("the suite has not run here yet: run `python3 -m workbook test` first.") from None
    for command, about in sorted(kept.items()):
        yield Row(command, "s", [about["seconds"]], limit=600, note=f"{about['tests']} tests, {about['when']}")
        notebooks = about["notebooks"]
        if notebooks:
            name = max(notebooks, key=notebooks.get)
            yield Row(f"{command}: a notebook", "s", list(notebooks.values()), limit=45, each=True,
                      note=f"average {sum(notebooks.values()) / len(notebooks):.1f} s, "
                           f"at most {notebooks[name]:.1f} s ({name})")
