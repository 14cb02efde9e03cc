"""Exercises: `@exercise` registers an answer, `check` judges the latest one on real brokers.

To read how a verdict on "15.1" comes about: the check is the function under `@checks("15.1", …)` in
`workbook/checks/lab15.py`; what it finds wrong is named in `workbook/anomalies.py`.
"""

import contextlib
import dis
import errno
import importlib
import inspect
import os
import time
import traceback
from dataclasses import dataclass

from workbook import progress
from workbook.paths import STATE
from workbook.trouble import Interrupted, Trouble
from workbook.verdicts import (
    BROKER_DOWN,
    CANNOT_TELL,
    NOT_ATTEMPTED,
    PASS,
    RAISED,
    WRONG,
    Ended,
    Verdict,
)

GOES_ON = "the lab goes on with the workbook's own"


@dataclass(frozen=True)
class Exercise:
    """One exercise. `function(answer, trial)` judges; `budget` is in seconds; `hints` name the property, in order."""

    number: str
    title: str
    hints: tuple
    budget: float
    function: object

    @property
    def lab(self):
        return self.number.split(".")[0]


_checks = {}
_registered = {}


def checks(number, title, hints, budget=5.0):
    """Declare the check of an exercise: for the modules in `workbook/checks/`.

    The decorated function gets the answer and a `Trial` (a corner of the brokers to run it in). It returns the lines
    of a PASS, or raises `Wrong` or `CannotTell`.
    """

    def declare(function):
        _checks[number] = Exercise(number, title, tuple(hints), budget, function)
        return function

    return declare


def _module(lab):
    """The module of a lab's checks, or None when there is no such lab."""
    name = f"workbook.checks.lab{lab}"
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return None


def labs():
    """The labs that exist: ["00", "15", …]."""
    from workbook.paths import ROOT

    return sorted(path.stem[3:] for path in (ROOT / "workbook" / "checks").glob("lab[0-9][0-9].py"))


def brokers_of(lab):
    """The brokers that a lab uses. Raises Trouble when there is no such lab."""
    module = _module(lab)
    if module is None:
        raise Trouble(f"there is no lab {lab}; the labs are {', '.join(labs())}.")
    return module.BROKERS


def exercises_of(lab):
    """The exercises of a lab: {"15.1": Exercise, …}; empty when there is no such lab."""
    if _module(lab) is None:
        return {}
    return {number: found for number, found in sorted(_checks.items()) if found.lab == lab}


def find(number):
    """The exercise called `number` ("15.1", or 15.1). Raises Trouble, naming those that exist."""
    if callable(number):
        raise Trouble('@exercise needs its number: write `@exercise("15.1")` above your answer, as in the lab.')
    lab, *rest = str(number).strip().split(".")
    number = ".".join([lab.zfill(2) if lab.isdigit() else lab, *rest])
    known = exercises_of(number.split(".")[0])
    if number not in known:
        those = f"lab {number.split('.')[0]} has {', '.join(known)}" if known else f"the labs are {', '.join(labs())}"
        raise Trouble(f"there is no exercise {number}; {those}.")
    return known[number]


def reference(number):
    """The workbook's own answer, as taught in `workbook/taught/`."""
    found = find(number)
    return getattr(importlib.import_module(f"workbook.taught.lab{found.lab}"), found.title)


def exercise(number):
    """Register the function or class below as the answer to `number`; running the cell again replaces it."""
    found = find(number)

    def register(answer):
        _registered[found.number] = answer
        # As long as the blank is a blank the workbook's own stands for it: the lab goes on without its check too.
        return reference(found.number) if _is_untouched(answer) else answer

    return register


def registered():
    """The numbers of the exercises for which this kernel has an answer, or its untouched blank."""
    return list(_registered)


# What an answer is, before it is run


def _functions(answer):
    if inspect.isclass(answer):
        return [f for f in vars(answer).values() if inspect.isfunction(f)]
    return [answer] if hasattr(answer, "__code__") else []


def _is_untouched(answer):
    """Whether nothing was written: the function does nothing, or none of the class's methods does anything."""
    own = [one for one in _functions(answer) if not one.__name__.startswith("__")]
    return bool(own) and all(map(_is_blank, own))


def _uses(answer):
    """What an answer is built on: its base classes, and what its functions find under the names that they use."""
    used = list(answer.__mro__[1:]) if inspect.isclass(answer) else []
    for function in _functions(answer):
        found = inspect.getclosurevars(function)
        # It also takes the names of attributes for globals: `ch.consume(…)` is not the function `consume`.
        loaded = {step.argval for step in dis.get_instructions(function) if step.opname == "LOAD_GLOBAL"}
        used += [value for name, value in found.globals.items() if name in loaded]
        used += found.nonlocals.values()
    return [one for one in used if inspect.isclass(one) or inspect.isfunction(one)]


def _misfit(number, answer):
    """Why the answer cannot be called as the blank could be, (what is seen, what must hold); None when it can."""
    own = reference(number)
    pairs = [(own.__name__, own, answer)]
    if inspect.isclass(own) and inspect.isclass(answer):
        pairs += [
            (f"{own.__name__}.{name}", method, getattr(answer, name, None))
            for name, method in vars(own).items()
            if inspect.isfunction(method) and not name.startswith("_")
        ]
    for name, wanted, given in pairs:
        if given is None:
            return f"there is no {name}", f"what the blank's class has stays there: {name}{_parameters(wanted)}"
        try:
            offered = inspect.signature(given)
        except ValueError:
            continue  # something built in, which does not say
        wanted_ones = list(inspect.signature(wanted).parameters.values())
        required = [one.name for one in wanted_ones if one.default is one.empty]
        optional = {one.name: None for one in wanted_ones if one.default is not one.empty}
        for positional, named in ((required + list(optional), {}), (required, optional)):
            try:
                offered.bind(*positional, **named)
            except TypeError as error:
                return (
                    f"{name} has the parameters {_parameters(given)}: {error}",
                    f"it can be called as in the blank: {name}{_parameters(wanted)}",
                )
    return None


def _parameters(function):
    return str(inspect.signature(function))


NOTHING = {"RESUME", "NOP", "POP_TOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST", "COPY_FREE_VARS", "MAKE_CELL",
           "RETURN_GENERATOR", "CACHE"}


def _is_blank(function):
    """Whether a body does nothing: `...`, `pass`, a docstring, `return None`, `raise NotImplementedError`."""
    code = function.__code__
    names = {i.opname for i in dis.get_instructions(code)}
    if "NotImplementedError" in code.co_names and names <= NOTHING | {"LOAD_GLOBAL", "RAISE_VARARGS", "PUSH_NULL",
                                                                       "CALL", "PRECALL"}:
        return True
    constants = [c for c in code.co_consts if c is not None and c is not Ellipsis and c != function.__doc__]
    return names <= NOTHING and not constants


def _not_attempted(number, answer):
    """Why this is no attempt, in a line; None when it is one."""
    if answer is None:
        return "no answer is registered: run the cell with the blank first (has it been deleted? open the lab anew)"
    if not callable(answer):
        return "what stands under @exercise is neither a function nor a class"
    own = reference(number)
    if answer is own or str(getattr(answer, "__module__", "")).startswith("workbook.taught."):
        return "this is the workbook's own answer, handed back in"
    if own in _uses(answer):
        return "this hands the work to the workbook's own answer"
    blank = [f.__name__ for f in _functions(answer) if _is_blank(f)]
    if blank:
        return f"the blank in {' and in '.join(blank)} is still empty"
    return None


# Judging


def verdict_of(number, answer, at=None, own=False):
    """Judge `answer` and return the Verdict. Prints nothing; for `check`, tests and the soak.

    An answer never runs in this process but in workers, with deadlines. A broker that does not answer is told as
    such, whatever the check saw meanwhile.
    at: a crash-test corner (`with lab.crash_test("redis") as …`), to run the answer there and not on the shared broker.
    own: judge the workbook's own answer too, which from a learner is no attempt.
    """
    found = find(number)
    try:
        return _verdict(found, answer, at, own)
    except KeyboardInterrupt:
        raise Interrupted(f"interrupted, so {found.number} was not judged: run the cell again.") from None


def _verdict(found, answer, at, own):
    from workbook.trial import Trial

    started = time.monotonic()

    def verdict(word, lines=(), **rest):
        return Verdict(found.number, found.title, word, list(lines), seconds=time.monotonic() - started, **rest)

    reason = None if own else _not_attempted(found.number, answer)
    if reason:
        return verdict(NOT_ATTEMPTED, [reason])
    misfit = _misfit(found.number, answer)
    if misfit:
        return verdict(WRONG, [misfit[0]], must_hold=misfit[1])
    uses = brokers_of(found.lab)
    down = _down(uses, at)
    if down:
        return verdict(BROKER_DOWN, [down])
    trial = None
    try:
        trial = Trial.for_lab(found.lab, uses) if at is None else Trial(uses, at.broker)
        trial.begin()
        lines = found.function(answer, trial)
        return verdict(PASS, [lines] if isinstance(lines, str) else lines or [], printed=trial.printed())
    except Exception as error:
        # Whatever came out: on a broker that is gone it says nothing about the answer.
        down = _down(uses, at)
        if down:
            return verdict(BROKER_DOWN, [down])
        if isinstance(error, Ended):
            return verdict(
                error.word,
                error.lines,
                anomalies=error.anomalies,
                must_hold=error.must_hold,
                printed=trial.printed(),
                hint=_hint_after(found, error),
            )
        if isinstance(error, Trouble) and trial is not None:
            return verdict(WRONG, [str(error)])
        if isinstance(error, Trouble):
            raise  # there was no corner to run the answer in
        if os.environ.get("WORKBOOK_STRICT"):
            raise
        return verdict(CANNOT_TELL, [_told(error)])
    except BaseException:
        # Interrupted, maybe between a request and its reply: no client of this corner is to be used again.
        if trial is not None:
            trial.close()
        raise
    finally:
        if trial is not None:
            trial.end() if at is None and trial.lease else trial.close()


def _hint_after(found, error):
    """What helps on: the hint that fits what was seen; after an exception, which says itself what it is, the way to one."""
    if error.word == RAISED:
        return f'hint("{found.number}") prints a hint'
    return _hint_line(found, error.hint) if error.word == WRONG and error.hint else None


def _told(error):
    """A sentence for an exception of the check's own; its details are kept where a report can be made from them."""
    if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "disk is full" in str(error):
        return "no space is left on the disk: free some, then run this cell again."
    with contextlib.suppress(OSError):
        (STATE / "error.log").write_text("".join(traceback.format_exception(error)), "utf-8")
    last = (str(error).strip().splitlines() or ["no message"])[-1]
    return (
        f"the check itself failed ({type(error).__name__}: {last}): run it again, and report it if it fails again "
        "(the details are in .workbook/error.log)"
    )


def _down(uses, at):
    """What to say when a broker that the check runs on does not answer; None when all do."""
    from workbook import brokers

    try:
        brokers.require(*(name for name in uses if at is None or name != at.broker.name))
    except Trouble as trouble:
        return str(trouble)
    if at is not None and not at.broker.answers():
        return f"{at.broker.called} cannot be reached: run `python3 -m workbook doctor` to see why."
    return None


def _hint_line(found, n):
    return f"hint {n} of {len(found.hints)}: {found.hints[n - 1]}"


def check(number):
    """Judge the latest answer registered for `number`, say the verdict, and return something to go on with.

    Returns the learner's own object on PASS, otherwise the workbook's own (handing that back in is not an attempt).
    With WORKBOOK_STRICT=1, as solutions are run, anything but PASS raises.
    """
    found = find(number)
    answer = _registered.get(found.number)
    result = verdict_of(number, answer)
    progress.attempted(found.number, result.word)
    if result.passed:
        print(result.text)
        return answer
    if os.environ.get("WORKBOOK_STRICT"):
        raise Trouble(f"exercise {number} was expected to pass:\n{result.text}")
    print(result.text)
    print(f"  {GOES_ON} {found.title}")
    return reference(number)


def judge(number, answer, expect=None, at=None):
    """Show the verdict on a demonstration, such as a naive version.

    expect: the anomaly or verdict that the demonstration is there to show ("lost", "PASS"). Raises Trouble only if it
    does not appear: a demonstration that stops failing must not pass unnoticed. at: see `verdict_of`.
    """
    result = verdict_of(number, answer, at)
    result.title = getattr(answer, "__name__", result.title)
    result.hint = None
    print(result.text)
    if expect is not None and expect not in {result.word, *result.names}:
        raise Trouble(f"this demonstration was to show {expect!r}, and showed {result.word} {result.names}.")


def hint(number, n=1):
    """Print the n-th hint of an exercise. A hint names the property, never the answer."""
    found = find(number)
    if n not in range(1, len(found.hints) + 1):
        raise Trouble(f"exercise {number} has {len(found.hints)} hints: hint({number!r}, 1) to "
                      f"hint({number!r}, {len(found.hints)}).")
    progress.hinted(found.number, n)
    print(f"{number} {found.title} · {_hint_line(found, n)}")


def reveal(number):
    """Print the workbook's own answer, one possibility among others. The exercise then counts as seen, not solved."""
    found = find(number)
    progress.seen(found.number)
    print(inspect.getsource(reference(number)).rstrip())
