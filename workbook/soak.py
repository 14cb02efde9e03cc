"""`soak`: every check and every notebook, again and again, to find the verdict that is wrong once in three hundred.

    python3 -m workbook soak --until 60m [--only 15.1 24 …] [--busy third|always|never] [--runs 300] [--all-wrong] [--jobs N]

For each exercise the workbook's own answer, which must pass, and one wrong answer (with --all-wrong each), which must get
the verdict in its header; each notebook under nbval, 20 times. A third of the runs happen while every core is kept busy.
The tally in `.workbook/soak.json` is resumed by the next call; what depends on a source that has changed begins anew. The
full text of each failure is kept in `.workbook/soak/`. Exit status 1 if there was any.
"""

import contextlib
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from workbook import paths
from workbook.brokers import state
from workbook.say import note
from workbook.trouble import Trouble

RUNS = 300
NOTEBOOK_RUNS = 20
NOTEBOOK_SECONDS = 300
EVERY = 180
"""Seconds between two tables while it runs."""

PACKAGE = ("__init__", "anomalies", "checks/jobs", "checks/messages", "exercises", "faults", "forkserver", "history",
           "lab", "line", "outside", "proxy", "trial", "verdicts", "workers")
"""The modules of the support package that a verdict passes through: a change in one begins every count anew."""

NOTEBOOK_PACKAGE = (*PACKAGE, "figures", "predictions", "progress", "webservice", "builder/validation", "builder/golden",
                    "builder/notebooks")


@dataclass(frozen=True)
class Item:
    """Something that is repeated: `key` is what it is called in the tally, `files` what it depends on.

    run: a function that returns what went wrong, as text, or None.
    """

    key: str
    files: tuple
    runs: int
    run: object

    def digest(self):
        """Changes when one of the files does."""
        found = hashlib.sha256()
        for path in self.files:
            found.update(path.read_bytes() if path.exists() else b"")
            found.update(b"\0")
        return found.hexdigest()[:16]


# What is repeated


def items(only=(), runs=RUNS, all_wrong=False):
    """Everything there is to repeat, or what `only` names: exercises ("15.1") and labs ("15", its notebooks too)."""
    from workbook import exercises

    wanted = [str(name) for name in only]
    known = exercises.labs()
    for name in wanted:
        if name not in known:
            exercises.find(name)  # raises Trouble that names those that exist
    found = []
    for lab in known:
        if not (paths.ROOT / "workbook" / "taught" / f"lab{lab}.py").exists():
            continue  # not built yet
        for number in exercises.exercises_of(lab):
            if not wanted or number in wanted or lab in wanted:
                found += _answers(number, runs, all_wrong)
    for folder in ("labs", "solutions"):
        for path in sorted((paths.ROOT / folder).glob("[0-9][0-9]-*.ipynb")):
            if not wanted or path.stem[:2] in wanted:
                found.append(_notebook(path, min(runs, NOTEBOOK_RUNS)))
    return found


def _modules(names, lab):
    found = [paths.ROOT / "workbook" / f"{name}.py" for name in names]
    return [*found, *(paths.ROOT / "workbook" / kind / f"lab{lab}.py" for kind in ("checks", "taught"))]


def _answers(number, runs, all_wrong):
    from workbook import exercises
    from workbook.builder import answers

    found = exercises.find(number)
    files = _modules(PACKAGE, found.lab)
    yield Item(f"{number} {found.title}", tuple(files), runs, lambda: judge_reference(number))
    wrong = answers.files(paths.ROOT, "wrong", number)
    for path in wrong if all_wrong else wrong[:1]:
        key = f"{number} wrong: {path.stem}"
        yield Item(key, (*files, path), runs, lambda path=path: judge_wrong(number, path))


def _verdict(number, answer, own=False):
    from workbook import exercises

    verdict = exercises.verdict_of(number, answer, own=own)
    if verdict.word == "BROKER DOWN":
        # A verdict on the broker, not on the answer, and every later one would be the same.
        raise Trouble(verdict.lines[0])
    return verdict


def judge_reference(number):
    """What is wrong with the verdict on the workbook's own answer; None when it passes."""
    from workbook import exercises

    verdict = _verdict(number, exercises.reference(number), own=True)
    return None if verdict.passed else verdict.text


def judge_wrong(number, path):
    """What is wrong with the verdict on a wrong answer; None when it is the one that its header promises."""
    from workbook import exercises
    from workbook.builder import answers

    expected = answers.expected(path)
    verdict = _verdict(number, answers.load_file(path, exercises.find(number).title))
    names = set(verdict.names)
    right = (
        verdict.word == expected.word
        and expected.anomalies <= names <= expected.anomalies | expected.possible
        and all(fragment in verdict.text for fragment in expected.says)
    )
    if right:
        return None
    wanted = " ".join([expected.word, *sorted(expected.anomalies), *(f"[{name}]" for name in sorted(expected.possible))])
    said = "".join(f"\n  says: {fragment}" for fragment in expected.says)
    return f"expected: {wanted}{said}\n{verdict.text}"


def _notebook(path, runs):
    files = [*_modules(NOTEBOOK_PACKAGE, path.stem[:2]), path, paths.ROOT / "tests" / "golden" / f"{path.stem}.txt"]
    name = path.relative_to(paths.ROOT)
    return Item(str(name), tuple(files), runs, lambda: run_notebook(name))


def run_notebook(name):
    """What went wrong when a notebook was executed and compared under nbval; None when nothing did."""
    environment = {**os.environ, "WORKBOOK_TWICE": "0", "WORKBOOK_PROGRESS": "off"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(paths.ROOT), os.environ.get("PYTHONPATH")]))
    environment.pop("WORKBOOK_QUICK", None)
    command = [sys.executable, "-m", "pytest", "--nbval", "-n0", "-q", "-p", "no:cacheprovider", str(name)]
    with subprocess.Popen(
        command, cwd=paths.ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    ) as pytest:
        try:
            said, _ = pytest.communicate(timeout=NOTEBOOK_SECONDS)
        except subprocess.TimeoutExpired:
            pytest.kill()
            return f"it had not ended after {NOTEBOOK_SECONDS} s\n{pytest.communicate()[0]}"
        except BaseException:
            pytest.kill()  # its kernels notice that their parent is gone
            raise
    return said if pytest.returncode else None


# Busy cores


class Burners:
    """As many processes as there are cores, each doing nothing as fast as it can, while `on`."""

    _CODE = "import os, sys\nwhile os.getppid() == int(sys.argv[1]):\n    for _ in range(100_000): pass"

    def __init__(self):
        self._processes = []

    def switch(self, on):
        if on and not self._processes:
            command = [sys.executable, "-S", "-c", self._CODE, str(os.getpid())]
            self._processes = [subprocess.Popen(command) for _ in range(os.cpu_count() or 1)]
        elif not on:
            for process in self._processes:
                process.kill()
                process.wait()
            self._processes = []


def _busy(mode, runs):
    """Whether the run after `runs` others is one with busy cores."""
    return mode == "always" or mode == "third" and runs % 3 == 2


# The tally


class Tally:
    """How often each item ran, with busy cores, and was wrong; in a file that several processes may write to."""

    def __init__(self, folder=None):
        folder = folder or paths.STATE
        self.file = Path(folder) / "soak.json"
        self.texts = Path(folder) / "soak"

    def read(self):
        try:
            return json.loads(self.file.read_text("utf-8"))
        except (OSError, ValueError):
            return {}

    def of(self, item):
        """The counts of an item; zeros when it never ran, or ran with other sources."""
        return self._entry(self.read(), item.key, item.digest())

    @staticmethod
    def _entry(everything, key, digest):
        entry = everything.get(key, {})
        if entry.get("digest") != digest:
            entry = {"digest": digest, "runs": 0, "busy": 0, "wrong": 0, "seconds": 0.0, "slowest": 0.0}
        return entry

    def add(self, item, digest, busy, seconds, problem):
        """Count one run; the text of a problem is kept in a file of its own."""
        with state.lock("soak"):
            everything = self.read()
            entry = everything[item.key] = self._entry(everything, item.key, digest)
            entry["runs"] += 1
            entry["busy"] += bool(busy)
            entry["wrong"] += bool(problem)
            entry["seconds"] += seconds
            entry["slowest"] = max(entry["slowest"], seconds)
            state.save(self.file, everything)
        if problem:
            self.texts.mkdir(parents=True, exist_ok=True)
            name = re.sub(r"[^\w.-]+", "-", item.key)
            circumstances = f"{item.key}, run {entry['runs']}{', cores busy' if busy else ''}, after {seconds:.1f} s"
            (self.texts / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}-{entry['runs']}.txt").write_text(
                f"{circumstances}\n{problem}\n", "utf-8"
            )

    def table(self, every):
        """The counts of these items as lines."""
        width = max([len(item.key) for item in every], default=0)
        lines = [f"  {'':{width}}  runs   busy  wrong  mean s  slowest s"]
        for item in every:
            entry = self.of(item)
            mean = entry["seconds"] / entry["runs"] if entry["runs"] else 0.0
            lines.append(
                f"  {item.key:{width}}  {entry['runs']:4}  {entry['busy']:5}  {entry['wrong']:5}  {mean:6.2f}  "
                f"{entry['slowest']:9.2f}" + ("  <- WRONG" if entry["wrong"] else "")
            )
        return lines


# The command


def options(words):
    """The command's words as a dict. Raises Trouble for what it does not know."""
    chosen = {"until": None, "only": [], "busy": "third", "runs": RUNS, "all_wrong": False, "jobs": 1, "share": None}
    words = [part for word in words for part in (word.split("=", 1) if word.startswith("--") else [word])]
    while words:
        word = words.pop(0)
        if word == "--all-wrong":
            chosen["all_wrong"] = True
        elif word == "--only":
            while words and not words[0].startswith("--"):
                chosen["only"].append(words.pop(0))
        elif word in ("--until", "--busy", "--runs", "--jobs", "--share") and words:
            chosen[word[2:]] = words.pop(0)
        else:
            raise Trouble(f"soak does not know {word!r}: `python3 -m workbook soak --until 60m [--only 15.1 24] "
                          f"[--busy third|always|never] [--runs {RUNS}] [--all-wrong] [--jobs N]`.")
    if chosen["until"] is not None:
        chosen["until"] = seconds(chosen["until"])
    if chosen["busy"] not in ("third", "always", "never"):
        raise Trouble(f"--busy {chosen['busy']} is none of third, always and never.")
    for name in ("runs", "jobs"):
        if not str(chosen[name]).isdigit() or int(chosen[name]) < 1:
            raise Trouble(f"--{name} {chosen[name]} is no number from 1 on.")
        chosen[name] = int(chosen[name])
    return chosen


def seconds(text):
    """ "60m", "90s", "2h" in seconds; Trouble for anything else."""
    found = re.fullmatch(r"(\d+)([smh])", text)
    if not found:
        raise Trouble(f"--until {text} is no duration: write 90s, 60m or 2h.")
    return int(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2]]


def main(words, tally=None):
    """Repeat until the counts are reached or the time is over; 1 if anything was wrong."""
    chosen = options(words)
    every = items(chosen["only"], chosen["runs"], chosen["all_wrong"])
    if not every:
        raise Trouble("there is nothing to repeat yet: run `python3 -m workbook build`.")
    tally = tally or Tally()
    os.environ["WORKBOOK_PROGRESS"] = "off"
    try:
        if chosen["jobs"] > 1 and chosen["share"] is None:
            _share_out(words, chosen["jobs"], tally, every)
        else:
            if chosen["share"] is not None:
                number, of = map(int, chosen["share"].split("/"))
                every = every[number::of]
            repeat(every, tally, chosen["until"], chosen["busy"], quiet=chosen["share"] is not None)
    except KeyboardInterrupt:
        note("interrupted; the next soak goes on from here")
    except Trouble:
        if chosen["share"] is None:
            _report(tally, every)
        raise
    if chosen["share"] is None:
        _report(tally, every)
    return 1 if any(tally.of(item)["wrong"] for item in every) else 0


def _report(tally, every):
    for line in tally.table(every):
        note(line)
    counts = [tally.of(item) for item in every]
    runs, wrong = sum(count["runs"] for count in counts), sum(count["wrong"] for count in counts)
    missing = sum(max(0, item.runs - count["runs"]) for item, count in zip(every, counts))
    note(
        f"{runs} runs, {wrong} wrong" + (f" (see {os.path.relpath(tally.texts, paths.ROOT)})" if wrong else "")
        + (f"; {missing} runs are still to be done" if missing else "; every count is reached")
    )


def repeat(every, tally, limit=None, busy="third", quiet=False):
    """Run the items in turn, those furthest from their number first, until each has its runs or `limit` seconds are over."""
    begun = told = time.monotonic()
    digests = {item.key: item.digest() for item in every}
    burners = Burners()
    before = _open_files()
    try:
        while True:
            everything = tally.read()
            done = {item.key: Tally._entry(everything, item.key, digests[item.key])["runs"] for item in every}
            left = [item for item in every if done[item.key] < item.runs]
            if not left or limit is not None and time.monotonic() - begun > limit:
                return
            # By share: a notebook has its 20 runs spread over the 300 of the exercises.
            item = min(left, key=lambda item: done[item.key] / item.runs)
            if item.digest() != digests[item.key]:
                # This process has the old modules loaded, and its workers load new ones.
                raise Trouble(f"a source of {item.key} has changed while the soak ran: start it again to go on.")
            loaded = _busy(busy, done[item.key])
            burners.switch(loaded)
            started = time.monotonic()
            problem = item.run()
            tally.add(item, digests[item.key], loaded, time.monotonic() - started, problem)
            if problem:
                note(f"{item.key}, run {done[item.key] + 1}{', cores busy' if loaded else ''}:\n{problem}")
            if not quiet and time.monotonic() - told > EVERY:
                told = time.monotonic()
                note(f"after {(told - begun) / 60:.0f} min")
                for line in tally.table(every):
                    note(line)
    finally:
        burners.switch(False)
        if not quiet:
            note(f"open files of this process: {before} before, {_open_files()} after")


def _open_files():
    import psutil

    return psutil.Process().num_fds()


def _share_out(words, jobs, tally, every):
    """Run `jobs` processes of this command, each with its share of the items, and wait for them."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(paths.ROOT), os.environ.get("PYTHONPATH")]))}
    code = "import sys; from workbook import cli; sys.exit(cli.main(sys.argv[1:]))"
    shares = [
        subprocess.Popen(
            [sys.executable, "-c", code, "soak", *words, "--share", f"{number}/{jobs}"], cwd=paths.ROOT, env=environment
        )
        for number in range(jobs)
    ]
    try:
        told = time.monotonic()
        while any(share.poll() is None for share in shares):
            with contextlib.suppress(subprocess.TimeoutExpired):
                next(share for share in shares if share.returncode is None).wait(1)
            if time.monotonic() - told > EVERY:
                told = time.monotonic()
                for line in tally.table(every):
                    note(line)
    except KeyboardInterrupt:
        # A terminal has told them too; whoever interrupted this process alone has not.
        for share in shares:
            if share.poll() is None:
                share.send_signal(signal.SIGINT)
        for share in shares:
            share.wait()
        raise
