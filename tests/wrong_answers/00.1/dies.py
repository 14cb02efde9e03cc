"""Its process ends as if the system had run out of memory: not judged, because nothing says whose fault it was.

expects: CANNOT TELL
says: ended on its own
"""

import os
import signal


def place(r, order):
    os.kill(os.getpid(), signal.SIGKILL)
