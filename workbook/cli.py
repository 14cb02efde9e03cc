"""The commands: what `python3 -m workbook COMMAND` does once it runs inside the virtual environment."""

import json
import os
import shutil
import sys
import time

from workbook import paths
from workbook.say import note
from workbook.trouble import Trouble

USAGE = """\
python3 -m workbook COMMAND [--backend native|compose|external]

  lab [NN] [--path half|day] [--no-browser] [--port N]
                    brokers and JupyterLab, at that lab
  test [--quick] [pytest arguments]
                    brokers and the test suite; quick: one lab of each part, one wrong answer an exercise
  up [kafka-cluster] [activemq]
                    start the brokers, and these if a lab asks for them
  down [--wipe]     stop them; with --wipe their data goes too
  status            where the brokers are and whether they answer
  reset             empty what labs left on the brokers
  run NN            execute one lab without a browser, print each verdict
  progress          what is solved, what was looked at, what is next
  doctor            check every requirement of this machine
  build [--check] [NN …]
                    notebooks from their sources; or only whether they are fresh and well formed
  bench [NAME …] [--quick]
                    the benchmarks, as a table
  soak --until 60m  checks and notebooks, again and again, with a tally
"""

PATHS = {
    "half": (["00", "15", "24", "34", "41"], ["15.3", "24.3", "34.3", "41 as a discussion"]),
    "day": (
        ["00", "11", "15", "16", "22", "24", "31", "33", "34", "41"],
        ["11.3", "16.3", "of 33 only 33.1"],
    ),
}
"""The labs of a workshop in their order, and what the instructor shows instead of letting people solve it."""


def main(arguments):
    """Run one command; the exit status. What people did wrong or can mend is raised as Trouble."""
    backend, words = _backend(list(arguments))
    if not words or words[0] in ("-h", "--help", "help"):
        note(USAGE)
        return 0
    command, *rest = words
    if command not in _COMMANDS:
        raise Trouble(f"there is no command {command!r}: `python3 -m workbook --help` lists them.")
    if any(word in ("-h", "--help") for word in rest) and command not in ("test", "soak", "_start"):
        note(USAGE)
        return 0
    from workbook.brokers import native

    native.starts_here = True
    return _COMMANDS[command](rest, backend) or 0


def _backend(words):
    """Take `--backend NAME` out of the words, wherever it stands."""
    backend = None
    kept = []
    while words:
        word = words.pop(0)
        if word == "--backend":
            if not words:
                raise Trouble("--backend needs a name: native, compose or external.")
            backend = words.pop(0)
        elif word.startswith("--backend="):
            backend = word.partition("=")[2]
        else:
            kept.append(word)
    if backend is not None and backend not in ("native", "compose", "external"):
        raise Trouble(f"there is no backend {backend!r}: choose native, compose or external.")
    return backend, kept


def _options(command, words, flags=(), valued=(), most=0):
    """A command's words as ({option: value}, [others]); Trouble for what it does not know."""
    options, others = {}, []
    words = list(words)
    while words:
        word, equals, value = words.pop(0).partition("=")
        if word in flags and not equals:
            options[word] = True
        elif word in valued:
            if not equals:
                if not words:
                    raise Trouble(f"{word} needs a value: `python3 -m workbook --help` shows which.")
                value = words.pop(0)
            options[word] = value
        elif word.startswith("-") or len(others) >= most:
            raise Trouble(
                f"{command} does not know {word!r}: `python3 -m workbook --help` lists what it takes."
            )
        else:
            others.append(word)
    return options, others


# --- brokers ------------------------------------------------------------------------------------------------


def _bring_up(backend, extras=()):
    from workbook import brokers

    started = time.monotonic()
    brokers.up(note, backend, extras)
    note(f"brokers ready … {time.monotonic() - started:.1f} s")


def _up(words, backend):
    from workbook.brokers.base import EXTRAS

    _, extras = _options("up", words, most=len(EXTRAS))
    unknown = [word for word in extras if word not in EXTRAS]
    if unknown:
        raise Trouble(
            f"up does not know {unknown[0]!r}: beside the usual three it can start {' and '.join(EXTRAS)}."
        )
    _bring_up(backend, extras)


def _down(words, backend):
    options, _ = _options("down", words, flags=("--wipe",))
    from workbook import brokers

    brokers.down(wipe="--wipe" in options, progress=note)
    note("all brokers are down" + (" and their data is removed" if options else ""))


def _status(words, backend):
    _options("status", words)
    from workbook import brokers

    for line in brokers.status():
        note(line)


def _reset(words, backend):
    _options("reset", words)
    from workbook import brokers

    for line in brokers.reset():
        note(line)


def _start(words, backend):
    """Not for people: a kernel has one instance started here, outside its own process group."""
    from workbook.brokers import control

    name, role, *settings = words
    control.instance(name, role).start(json.loads(settings[0]) if settings else None)


# --- labs ---------------------------------------------------------------------------------------------------


def find_lab(number):
    """The notebook labs/NN-name.ipynb of a lab; Trouble when there is none."""
    wanted = str(number).zfill(2)
    found = sorted((paths.ROOT / "labs").glob(f"{wanted}-*.ipynb"))
    if not found:
        existing = ", ".join(lab.name[:2] for lab in sorted((paths.ROOT / "labs").glob("[0-9][0-9]-*.ipynb")))
        raise Trouble(
            f"there is no lab {number}: there are {existing or 'none yet; run `python3 -m workbook build`'}."
        )
    return found[0]


def first_lab():
    """The notebook that a newcomer begins with."""
    labs = sorted((paths.ROOT / "labs").glob("[0-9][0-9]-*.ipynb"))
    if not labs:
        raise Trouble("there are no labs yet: run `python3 -m workbook build`.")
    return labs[0]


def my_copy(lab):
    """The learner's own copy of a lab's notebook, made once and never overwritten."""
    mine = paths.MY / lab.name
    if not mine.exists():
        paths.MY.mkdir(exist_ok=True)
        fresh = mine.with_suffix(".new")
        shutil.copyfile(lab, fresh)
        os.replace(fresh, mine)
    return mine


def _lab(words, backend):
    options, others = _options("lab", words, flags=("--no-browser",), valued=("--path", "--port"), most=1)
    if "--path" in options:
        if options["--path"] not in PATHS:
            raise Trouble(
                f"there is no path {options['--path']!r}: choose half (half a day) or day (one day)."
            )
        numbers, shown = PATHS[options["--path"]]
        numbers = [number for number in numbers if list((paths.ROOT / "labs").glob(f"{number}-*.ipynb"))]
        copies = [my_copy(find_lab(number)) for number in numbers]
        note(f"The order of this path ({'half a day' if options['--path'] == 'half' else 'one day'}):")
        for number, copy in zip(numbers, copies, strict=True):
            by_instructor = [item for item in shown if number in item.split(".")[0].split()]
            note(
                f"  {copy.name}"
                + (f"   shown by the instructor: {', '.join(by_instructor)}" if by_instructor else "")
            )
        if others and str(others[0]).zfill(2) not in numbers:
            raise Trouble(
                f"lab {others[0]} is not on this path: leave --path out, or name one of {', '.join(numbers)}."
            )
        first = my_copy(find_lab(others[0] if others else numbers[0])) if numbers else None
    else:
        first = my_copy(find_lab(others[0]) if others else first_lab())
    if first is None:
        raise Trouble("no lab of this path exists yet: run `python3 -m workbook build`.")
    port = options.get("--port")
    if port is not None and not (port.isdigit() and 1024 <= int(port) <= 65535):
        raise Trouble(f"--port {port} is no port: give a number from 1024 to 65535.")
    _bring_up(backend)
    from workbook import jupyter

    return jupyter.serve(
        first, port=None if port is None else int(port), browser="--no-browser" not in options
    )


def _run(words, backend):
    _, others = _options("run", words, most=1)
    if not others:
        raise Trouble("run needs the number of a lab, such as `python3 -m workbook run 15`.")
    lab = find_lab(others[0])
    _bring_up(backend)
    from workbook import runner

    return runner.run(lab)


def _progress(words, backend):
    _options("progress", words)
    from workbook import progress

    text = progress.report()
    if isinstance(text, str):
        note(text)


# --- for those who work on the workbook ---------------------------------------------------------------------


def _test(words, backend):
    quick = "--quick" in words
    arguments = [word for word in words if word != "--quick"]
    _bring_up(backend)
    environment = dict(os.environ)
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(paths.ROOT), os.environ.get("PYTHONPATH")]))
    if quick:
        environment["WORKBOOK_QUICK"] = "1"
    note(f"pytest {' '.join(arguments)}".rstrip())
    sys.stdout.flush()
    # Become pytest: its exit status is ours, and an interrupt is its own to handle.
    os.chdir(paths.ROOT)
    os.execve(sys.executable, [sys.executable, "-m", "pytest", *arguments], environment)


def _build(words, backend):
    options, numbers = _options("build", words, flags=("--check",), most=99)
    from workbook import builder

    if not options:
        _bring_up(backend)  # building executes the notebooks
    return builder.main_build(bool(options), numbers)


def _bench(words, backend):
    options, names = _options("bench", words, flags=("--quick",), most=99)
    _bring_up(backend)
    import benchmarks

    return benchmarks.main([*names, *options])


def _soak(words, backend):
    _bring_up(backend)
    from workbook import soak

    return soak.main(words)


def _doctor(words, backend):
    _options("doctor", words)
    from workbook import doctor

    return doctor.main(backend)


_COMMANDS = {
    "lab": _lab,
    "test": _test,
    "up": _up,
    "down": _down,
    "status": _status,
    "reset": _reset,
    "run": _run,
    "progress": _progress,
    "doctor": _doctor,
    "build": _build,
    "bench": _bench,
    "soak": _soak,
    "_start": _start,
}
