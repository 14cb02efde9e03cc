"""Queues, Topics, Logs: the support package that the notebooks import.

Attributes load lazily, because `python3 -m workbook` must start from a bare Python, before anything is installed.
"""

import importlib

_HOMES = {
    "open_lab": "lab",
    "exercise": "exercises",
    "check": "exercises",
    "judge": "exercises",
    "hint": "exercises",
    "reveal": "exercises",
    "predict": "predictions",
    "happened": "predictions",
    "score": "predictions",
    "Trouble": "trouble",
}

__all__ = sorted(_HOMES)


def __getattr__(name):
    if name == "figures":
        return importlib.import_module("workbook.figures")
    if name in _HOMES:
        return getattr(importlib.import_module(f"workbook.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'workbook' has no attribute {name!r}")


def __dir__():
    return __all__
