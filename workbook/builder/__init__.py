"""The builder: notebooks, taught modules and golden transcripts from `solutions/NN-name.py`.

Data flows in the order of the modules: `sources` reads a lab, `stripping` takes its answers out, `taught`
collects what it teaches, `notebooks` gives both notebooks their fixed form, `executing` runs them, `golden`
writes down what the unsolved one says. `checking` compares all of it without running anything; `validation`
is the pytest plugin that runs it again and compares. `syllabus` and `talkmap` hold the talk's points.
"""

from workbook import paths
from workbook.trouble import Trouble


def main_build(check=False, numbers=(), root=paths.ROOT):
    """`python3 -m workbook build [--check] [NN …]`: build these labs, or all; returns the exit status.

    Building executes every notebook, so the brokers must run. `check` runs nothing: it compares what is there
    with the sources and prints one line for every problem.
    """
    from workbook.builder import building, checking

    if check:
        problems = checking.check(root, numbers)
        for problem in problems:
            print(problem)
        counted = f"{len(problems)} problem{'' if len(problems) == 1 else 's'}"
        print("build --check: all fresh and well formed" if not problems else f"build --check: {counted}")
        return 1 if problems else 0
    try:
        building.build(root, numbers)
    except Trouble as trouble:
        print(f"build: {trouble}")
        return 1
    return 0
