"""What the tests of real programs share: where things are, how a module is run, what is compared.

A test that cannot run here says why and ends with 77, which ctest counts as skipped.
"""

import itertools
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
CLI = os.environ.get("SLUICE_CLI", "sluice")
MODULES = pathlib.Path(os.environ.get("SLUICE_MODULES_DIR", "modules"))
WORK = pathlib.Path(os.environ.get("SLUICE_BINARY_DIR", ".")) / "programs"
SANITIZE = os.environ.get("SLUICE_SANITIZE", "")
TIMEOUT_S = 600 if SANITIZE else 120

# Memory modes and worker counts that every program runs with.
CONFIGURATIONS = [
    ["--memory-checks", mode, "--workers", workers]
    for mode, workers in itertools.product(["guard", "explicit"], ["0", "2"])
]


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def module(name):
    path = MODULES / f"{name}.wasm"
    if not path.exists():
        skip(f"{path} is not there (see SLUICE_MODULES_DIR)")
    return path


def build_c(source):
    compiler = shutil.which("clang-19") or shutil.which("clang")
    if compiler is None:
        skip("clang is missing, so C programs cannot be compiled for wasm32-wasi")
    WORK.mkdir(parents=True, exist_ok=True)
    target = WORK / f"{source.stem}.wasm"
    built = subprocess.run(
        [compiler, "--target=wasm32-wasi", "-O2", "-Wall", "-Wextra", "-Werror", "-o", target,
         source], capture_output=True, text=True)
    if built.returncode != 0:
        missing = ["stdio.h' file not found", "crt1", "libclang_rt", "wasm-ld", "-lc"]
        if any(word in built.stderr for word in missing):
            skip(f"{compiler} lacks wasi-libc, its run-time library or the linker")
        print(built.stderr)
        sys.exit(1)
    return target


class Result:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err


def run(arguments, *, stdin=b"", pipe=None, seconds=1.0, address_space=None, cwd=None):
    """Runs sluice. `pipe` is a module that arrives on standard input in a hundred pieces, spread
    over so many seconds; otherwise standard input is `stdin`."""

    def limit():
        if address_space:
            resource.setrlimit(resource.RLIMIT_AS, (address_space, address_space))

    process = subprocess.Popen(
        [CLI, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=cwd,
        preexec_fn=limit,
    )

    def write():
        try:
            if pipe is None:
                process.stdin.write(stdin)
            else:
                step = max(1, len(pipe) // 100)
                for at in range(0, len(pipe), step):
                    process.stdin.write(pipe[at : at + step])
                    process.stdin.flush()
                    time.sleep(seconds / 100)
            process.stdin.close()
        except BrokenPipeError:
            pass

    writer = threading.Thread(target=write)
    writer.start()
    errors = []
    reader = threading.Thread(target=lambda: errors.append(process.stderr.read()))
    reader.start()
    try:
        # Bounded by ctest's own limit too; this one names the command.
        timer = threading.Timer(TIMEOUT_S, process.kill)
        timer.start()
        out = process.stdout.read()
        status = process.wait()
        timer.cancel()
    finally:
        reader.join()
        writer.join()
    return Result(status, out.decode(errors="replace"), errors[0].decode(errors="replace"))


failures = 0


def check(condition, what, detail=""):
    """Counts and prints what does not hold; the test goes on."""
    global failures
    if not condition:
        failures += 1
        print(f"FAILED: {what}\n{detail}".rstrip())
    return condition


def check_output(result, expected, status, what):
    if result.out != expected:
        lines = itertools.zip_longest(result.out.splitlines(), expected.splitlines())
        for number, (got, wanted) in enumerate(lines, 1):
            if got != wanted:
                detail = f"  line {number}\n  got      {got!r}\n  expected {wanted!r}"
                break
        else:
            detail = "  line ends differ"
        check(False, f"{what}: output differs", f"{detail}\n{result.err[:2000]}")
    check(result.status == status, f"{what}: exit status {result.status}, not {status}",
          result.err[:2000])


def finish():
    if failures:
        print(f"{failures} failed")
        sys.exit(1)
    print("ok")
