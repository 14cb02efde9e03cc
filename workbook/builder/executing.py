"""Running a notebook in a fresh kernel of this Python, in an environment that is always the same."""

import os
import re
import tempfile
from pathlib import Path

from workbook import paths
from workbook.trouble import Trouble

CELL_SECONDS = 60
"""How long a cell may run. The longest verdict may take 20 s; a busy machine is slower by less than three."""


def environment(strict):
    """The environment for a kernel: `strict` makes `check` raise on anything but PASS. Progress is never
    recorded.

    `PYTEST_CURRENT_TEST` goes, because ipykernel stops capturing the output of child processes when it sees
    it, and what a test compares would not be what a learner sees.
    """
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTEST_CURRENT_TEST", "WORKBOOK_STRICT")
    }
    before = env.get("PYTHONPATH")
    env["PYTHONPATH"] = str(paths.ROOT) + (os.pathsep + before if before else "")
    env["WORKBOOK_PROGRESS"] = "off"
    env["IPYTHONDIR"] = str(paths.STATE / "ipython")
    if strict:
        env["WORKBOOK_STRICT"] = "1"
    return env


def manager(base):
    """The kernel manager `base` for one kernel, this very interpreter, whatever else is registered.

    Kernel and client meet at sockets in a folder of their own. Ports would be chosen first and bound later, and of two
    kernels that start at once one may then find its port taken, and die.
    """
    import ipykernel.kernelspec
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager

    class ThisPython(KernelSpecManager):
        def get_kernel_spec(self, kernel_name):
            return KernelSpec(
                resource_dir=ipykernel.kernelspec.RESOURCES, **ipykernel.kernelspec.get_kernel_dict()
            )

    class Manager(base):
        def __init__(self, **settings):
            self._sockets = tempfile.TemporaryDirectory(prefix="workbook-")
            ours = {"kernel_spec_manager": ThisPython(), "transport": "ipc", "ip": f"{self._sockets.name}/kernel"}
            super().__init__(**{**settings, **ours})

    return Manager


def execute(notebook, folder, strict, where, on_cell=None):
    """Execute `notebook` in place, with `folder` as its working directory; returns it.

    `where` names it in errors. `on_cell(cell)` is called after each executed code cell. Raises `Trouble` when
    a cell raises without being tagged `raises-exception`, runs too long, or when the kernel dies.
    """
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    current = {}

    def started(cell, cell_index):
        current["cell"] = cell

    def executed(cell, cell_index, execute_reply):
        if on_cell:
            on_cell(cell)

    client = NotebookClient(
        notebook,
        kernel_manager_class=manager(AsyncKernelManager),
        timeout=CELL_SECONDS,
        startup_timeout=60,
        record_timing=False,
        on_cell_start=started,
        on_cell_executed=executed,
    )
    try:
        with tempfile.TemporaryFile() as stderr:  # the kernel's own, not the cells'
            client.execute(cwd=str(folder), env=environment(strict), stderr=stderr)
    except CellExecutionError as error:
        raise Trouble(
            f"{where}: cell {current['cell'].id} raised {error.ename}: {_plain(error.evalue)}; mend it, or "
            f"tag it `raises-exception` when that is its lesson.\n{_plain(error.traceback)}"
        ) from None
    except CellTimeoutError:
        raise Trouble(
            f"{where}: cell {current['cell'].id} ran longer than {CELL_SECONDS} s; give its waits a deadline."
        ) from None
    except DeadKernelError:
        raise Trouble(
            f"{where}: the kernel died in cell {current['cell'].id}; run that cell in JupyterLab."
        ) from None
    return notebook


def run(path, strict=False, on_cell=None):
    """Execute the notebook file at `path` and return it with its outputs; the file is left as it is."""
    import nbformat

    path = Path(path)
    if not path.exists():
        raise Trouble(f"There is no notebook {path.name}; build it with: python3 -m workbook build")
    return execute(nbformat.read(path, as_version=4), path.parent, strict, path.name, on_cell)


def _plain(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
