"""The one exception that people see. Standard library only: the bootstrap imports it."""


class Trouble(Exception):
    """Something a person can mend: the message is one clear sentence with its remedy.

    The command line prints it and exits with 1; a notebook shows it without a traceback.
    """

    def _render_traceback_(self):
        # IPython asks an exception for its own rendering under this name.
        return [f"workbook: {self}"]


class Interrupted(KeyboardInterrupt):
    """The kernel was interrupted while an answer was judged: said in a sentence, and the cells that wait are not run."""

    def _render_traceback_(self):
        return [f"workbook: {self}"]
