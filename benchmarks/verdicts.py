"""How long a verdict takes: per exercise, over its reference and its wrong answers."""

from benchmarks import Row
from workbook import exercises, paths
from workbook.builder import answers


def measure(quick):
    every = []
    for lab in exercises.labs():
        if not (paths.ROOT / "workbook" / "taught" / f"lab{lab}.py").exists():
            continue
        for number, exercise in exercises.exercises_of(lab).items():
            taken = _exercise(exercise, 1 if quick else 3, 2 if quick else None)
            every += taken
            yield Row(f"verdict {number} {exercise.title}", "s", taken, limit=exercise.budget, each=True,
                      note=f"at most {max(taken):.2f} s")
    if every:
        yield Row("verdicts over the workbook", "s", every, limit=1, note=f"at most {max(every):.2f} s")


def _exercise(exercise, runs, most):
    number = exercise.number
    wrong = [answers.load_file(path, exercise.title) for path in answers.files(paths.ROOT, "wrong", number)[:most]]
    taken = []
    for _ in range(runs):
        taken.append(exercises.verdict_of(number, exercises.reference(number), own=True).seconds)
        taken += [exercises.verdict_of(number, answer).seconds for answer in wrong]
    return taken
