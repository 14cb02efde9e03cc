"""What one record of the history costs, beside writing the same bytes to a file and nothing else."""

import os
import tempfile
import time

from benchmarks import Row, pairs
from workbook.history import Recorder

RECORDS = 2000
"""Records in one timing."""


def measure(quick):
    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(folder, "worker 1")
        recorder.record("BLMOVE", "end", "order 1")
        line = next(iter(os.scandir(folder)))
        with open(line.path, "rb") as file:
            written = file.read()
        bare = os.open(os.path.join(folder, "bare"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

        def record():
            started = time.perf_counter()
            for _ in range(RECORDS):
                recorder.record("BLMOVE", "end", "order 1")
            return (time.perf_counter() - started) / RECORDS * 1e6

        def write():
            started = time.perf_counter()
            for _ in range(RECORDS):
                os.write(bare, written)
            return (time.perf_counter() - started) / RECORDS * 1e6

        ours, theirs = pairs(record, write, 10 if quick else 50)
        recorder.close()
        os.close(bare)
    yield Row("one record of the history", "µs", ours, "the same bytes by a bare os.write", theirs, 50)
