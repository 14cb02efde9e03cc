"""Where things are in this checkout. Standard library only: the bootstrap imports it."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The repository's root: the folder that holds README.md, labs/ and workbook/."""

STATE = ROOT / ".workbook"
"""Everything the workbook writes for itself: ports, process ids, broker data, logs, leases, progress. Not in git."""

VENV = ROOT / ".venv"
"""The virtual environment that the first command makes."""

MY = ROOT / "my"
"""The learner's own copies of the labs. Not in git, never overwritten."""
