"""Running a piece of work in a process of its own, and the rows that come out.

A row is (part, input, engine, figure, unit, value); where an engine fails, value is None and the
unit says why. Rounds alternate the engines, so that a slow minute of the machine hits them all, and
what counts is the minimum.
"""

import os
import resource
import signal
import subprocess
import tempfile
import threading
import time
from typing import NamedTuple, Optional

TIMEOUT_S = 180


class Row(NamedTuple):
    part: str
    input: str
    engine: str
    figure: str
    unit: str
    value: Optional[float]


class Failed(Exception):
    """One line that says why an engine has no figure."""


def why(status, errors):
    """The line of an engine's complaint that says most."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    telling = [line for line in lines if "rror" in line or "invalid" in line or "not compiled" in line]
    causes = [after for before, after in zip(lines, lines[1:]) if before.startswith("Caused by")]
    found = (telling or lines or [f"exit status {status}"])[:1] + causes[-1:]
    return ": ".join(" ".join(line.split()) for line in found)[:200]


def run(command, timeout=None):
    """What the command prints. Raises Failed."""
    timeout = timeout or TIMEOUT_S
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace",
                              timeout=timeout)
    except subprocess.TimeoutExpired:
        raise Failed(f"ended after {timeout} s") from None
    if done.returncode != 0:
        raise Failed(why(done.returncode, done.stderr))
    return done.stdout


def numbers(command):
    """A number a line."""
    return [float(line) for line in run(command).split()]


def named_numbers(command):
    """NAME <tab> number, a line each."""
    return {name: float(value)
            for name, value in (line.split("\t") for line in run(command).splitlines())}


def wall_ms(command):
    """Wall-clock milliseconds of a whole process and the bytes of memory it had at most, or None if
    that is less than this interpreter has, which Linux counts in. Spawned directly, because a fork
    of the interpreter would cost as much as a small program."""
    with tempfile.TemporaryFile() as errors:
        quiet = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                 (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                 (os.POSIX_SPAWN_DUP2, errors.fileno(), 2)]
        start = time.perf_counter()
        pid = os.posix_spawn(command[0], command, os.environ, file_actions=quiet)
        guard = threading.Timer(TIMEOUT_S, os.kill, (pid, signal.SIGKILL))
        guard.start()
        _, status, usage = os.wait4(pid, 0)
        ms = (time.perf_counter() - start) * 1e3
        guard.cancel()
        if status != 0:
            errors.seek(0)
            raise Failed(why(os.waitstatus_to_exitcode(status), errors.read().decode(errors="replace")))
    own_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return ms, usage.ru_maxrss * 1024 if usage.ru_maxrss > own_kib else None


class Best:
    """The minimum of every figure over the rounds; an engine that failed once is left out after."""

    def __init__(self, part):
        self.part, self.rows, self.failed = part, {}, {}

    def measure(self, subject, engine, work):
        """`work` gives {figure: (unit, value)} or raises Failed."""
        if (subject, engine.name) in self.failed:
            return
        try:
            figures = work()
        except Failed as failure:
            self.failed[subject, engine.name] = str(failure)
            return
        for figure, (unit, value) in figures.items():
            key = subject, engine.name, figure
            if key not in self.rows or value < self.rows[key].value:
                self.rows[key] = Row(self.part, *key, unit, value)

    def all_rows(self):
        lost = [Row(self.part, subject, engine, "failed", reason, None)
                for (subject, engine), reason in self.failed.items()]
        return [*self.rows.values(), *lost]
