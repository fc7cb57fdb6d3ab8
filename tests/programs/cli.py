"""The command line: what it accepts, prints and answers. Modules are made here, byte by byte."""

import contextlib
import json
import os
import pathlib
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from xml.etree import ElementTree

from support import CLI, check, check_output, finish, run

I32, I64, F32, F64, FUNCREF = 0x7F, 0x7E, 0x7D, 0x7C, 0x70


def leb(n):
    out = bytearray()
    while True:
        byte = n & 0x7F
        n >>= 7
        out.append(byte | (0x80 if n else 0))
        if not n:
            return bytes(out)


def vec(items):
    return leb(len(items)) + b"".join(items)


def name(text):
    data = text if isinstance(text, bytes) else text.encode()
    return leb(len(data)) + data


def section(number, payload):
    return bytes([number]) + leb(len(payload)) + payload


def body(code, local_count=0):
    locals_ = vec([leb(local_count) + bytes([I32])]) if local_count else b"\0"
    return name(locals_ + code + b"\x0b")


def make(types, funcs, exports, bodies, imports=(), names=None, memory=False, start=None, extra=b""):
    """types: (params, results); funcs: type numbers; exports: (name, kind, index)."""
    out = b"\0asm\1\0\0\0"
    out += section(1, vec([b"\x60" + vec([bytes([p]) for p in params]) +
                           vec([bytes([r]) for r in results]) for params, results in types]))
    if imports:
        out += section(2, vec([name(m) + name(f) + b"\0" + leb(t) for m, f, t in imports]))
    out += section(3, vec([leb(t) for t in funcs]))
    if memory:
        out += section(5, vec([b"\0\1"]))
    out += section(7, vec([name(n) + bytes([kind]) + leb(i) for n, kind, i in exports]))
    if start is not None:
        out += section(8, leb(start))
    out += section(10, vec(bodies))
    if names:
        table = vec([leb(i) + name(text) for i, text in names.items()])
        out += section(0, name("name") + section(1, table))
    return out + extra


# add(i32, i32), several results, all number types, a trap three calls deep, endless text names.
NUMBERS = make(
    types=[([I32, I32], [I32]), ([I32, I64, F32, F64], [F64, F32, I64, I32]), ([], []),
           ([FUNCREF], [FUNCREF])],
    funcs=[0, 1, 2, 2, 2, 3],
    exports=[("add", 0, 0), ("swap", 0, 1), ("deep", 0, 4), ("same", 0, 5), ("_initialize", 0, 3)],
    bodies=[
        body(b"\x20\0\x20\1\x6a"),
        body(b"\x20\3\x20\2\x20\1\x20\0"),
        body(b"\x00"),  # unreachable
        body(b""),
        body(b"\x10\2"),
        body(b"\x20\0"),
    ],
    names={0: "add", 2: "evil\x1b[31m\x07", 4: "outer"},
)


def with_exit(code):
    """A program that calls proc_exit."""
    return make(types=[([I32], []), ([], [])], funcs=[1], exports=[("_start", 0, 1), ("memory", 2, 0)],
                imports=[("wasi_snapshot_preview1", "proc_exit", 0)], memory=True,
                bodies=[body(b"\x41" + leb(code) + b"\x10\0\x00")])


def test_invoke(directory):
    path = directory / "numbers.wasm"
    path.write_bytes(NUMBERS)

    def invoke(*arguments, before=True):
        function, *values = arguments
        line = ["--invoke", function, path] if before else [path, "--invoke", function]
        return run([*line, *values])

    check_output(invoke("add", 1, 2), "3\n", 0, "add")
    check_output(invoke("add", 1, 2, before=False), "3\n", 0, "--invoke behind the module")
    check_output(run(["run", path, "--invoke=add", 4, 5]), "9\n", 0, "--invoke=")
    check_output(run(["run", path, "--invoke", "add", "--", -5, 4]), "-1\n", 0, "--invoke NAME --")
    check_output(invoke("add", "0xffffffff", "4294967295"), "-2\n", 0, "unsigned and hex")
    check_output(invoke("add", "-2147483648", "-1"), "2147483647\n", 0, "negative")
    check_output(invoke("swap", -1, "0x8000000000000000", 1.5, "-0x1.8p3"),
                 "-12\n1.5\n-9223372036854775808\n-1\n", 0, "several results")
    check_output(invoke("swap", 0, 0, "nan", "-inf"), "-inf\nnan\n0\n0\n", 0, "special numbers")
    check_output(invoke("same", "null"), "null\n", 0, "references")
    for arguments, wanted in [
            (["add", 1], "got 1 arguments"), (["add", 1, 2, 3], "(i32, i32) -> (i32)"),
            (["add", 1, "x"], "argument 2 of 'add' (i32): 'x' is not an integer"),
            (["add", 1, ""], "not an integer"), (["add", 1, "1.5"], "not an integer"),
            (["add", "4294967296", 1], "does not fit"), (["add", "-2147483649", 1], "does not fit"),
            (["add", "99999999999999999999999", 1], "does not fit"),
            (["swap", 1, 1, "1e", 1], "not a number"), (["swap", 1, 1, "+-5", 1], "not a number"),
            (["swap", 1, 1, "0x-1p3", 1], "not a number"), (["swap", 1, 1, "0xinf", 1], "not a number"), (["same", 1], "only 'null'"),
            (["ad"], "similar: add"), (["ADD", 1, 2], "there are: add swap deep"),
            (["dep"], "similar: deep"), (["add\x1b[2J"], "no function")]:
        result = invoke(*arguments)
        check(result.status == 1 and wanted in result.err and len(result.err.splitlines()) == 1,
              f"{arguments}: says {wanted!r}", result.err)
        check("\x1b" not in result.err, f"{arguments}: nothing for the terminal")


def test_traps(directory):
    path = directory / "numbers.wasm"
    path.write_bytes(NUMBERS)
    result = run(["--invoke", "deep", path])
    check(result.status == 134, f"trap: exit status {result.status}")
    check("unreachable" in result.err and "outer" in result.err, "reason and names", result.err)
    offset = NUMBERS.index(body(b"\x00")) + 2
    check(f"{offset:#x}" in result.err, f"offset {offset:#x} of the instruction", result.err)
    check("\x1b" not in result.err and "\x07" not in result.err, "names made harmless", result.err)


def test_exit(directory):
    path = directory / "exit.wasm"
    for code in (0, 1, 7, 63):
        path.write_bytes(with_exit(code))
        check(run([path]).status == code, f"exit status {code}")


def test_surroundings(directory):
    """Several --dir and --env: the program says how many preopened directories and variables it has."""
    wasi = "wasi_snapshot_preview1"
    # environ_sizes_get(0, 4); fd_prestat_get(3, 8) + fd_prestat_get(4, 8) + fd_prestat_get(5, 8),
    # each 0 or BADF (8); exit with variables * 16 + the sum.
    code = (b"\x41\0\x41\4\x10\0\x1a" + b"\x41\0\x28\2\0\x41\x10\x6c" +
            b"".join(b"\x41" + leb(fd) + b"\x41\x08\x10\1\x6a" for fd in (3, 4, 5)) +
            b"\x10\2\0")
    path = directory / "surroundings.wasm"
    path.write_bytes(make(
        types=[([I32, I32], [I32]), ([I32], []), ([], [])], funcs=[2],
        imports=[(wasi, "environ_sizes_get", 0), (wasi, "fd_prestat_get", 0), (wasi, "proc_exit", 1)],
        exports=[("_start", 0, 3), ("memory", 2, 0)], memory=True, bodies=[body(code)]))
    line = ["--env", "A=1", "--dir", directory, "--env", "B=", f"--dir={directory}::/x:ro",
            "--env=PATH", "--env", "SURELY_NOT_SET"]
    check(run([*line, path]).status == 3 * 16 + 8, "two directories, three variables")
    check(run(["run", path, *line]).status == 24, "options behind the module are the program's")


def test_wasi_options(directory):
    path = directory / "exit.wasm"
    path.write_bytes(with_exit(3))
    result = run(["--trace-wasi", path])
    check(result.status == 3 and result.err == "sluice: proc_exit(3) = Success\n", "--trace-wasi",
          result.err)
    check(run(["--listen", "127.0.0.1:0", "--listen=127.0.0.1:0", path]).status == 3, "--listen")
    for address, wanted in [("nowhere", "no HOST:PORT 'nowhere'"), ("127.0.0.1:99999", "no HOST:PORT"),
                            ("192.0.2.1:1", "Cannot assign")]:
        result = run(["--listen", address, path])
        check(result.status == 1 and wanted in result.err, f"--listen {address}", result.err)
    os.environ["SLUICE_TEST_VARIABLE"] = "1"
    wasi = "wasi_snapshot_preview1"
    # environ_sizes_get(0, 4), exit with the number of variables.
    path.write_bytes(make(types=[([I32, I32], [I32]), ([I32], []), ([], [])], funcs=[2], memory=True,
                          imports=[(wasi, "environ_sizes_get", 0), (wasi, "proc_exit", 1)],
                          exports=[("_start", 0, 2), ("memory", 2, 0)],
                          bodies=[body(b"\x41\0\x41\4\x10\0\x1a\x41\0\x28\2\0\x10\1")]))
    count = len({name for name in os.environ if name})
    check(run([path]).status == 0, "nothing is inherited")
    check(run(["--inherit-env", path]).status == count & 0xff, "--inherit-env")
    check(run(["--inherit-env", "--env", "SLUICE_TEST_VARIABLE=2", path]).status == count & 0xff,
          "--env replaces")


def test_imports(directory):
    path = directory / "imports.wasm"
    path.write_bytes(make(types=[([], [])], funcs=[0], exports=[("_start", 0, 3)], bodies=[body(b"")],
                          imports=[("env", "one", 0), ("env", "two", 0), ("other", "three", 0)]))
    result = run([path])
    check(result.status == 1 and all(word in result.err for word in ("one", "two", "three")),
          "all missing imports at once", result.err)


def test_errors(directory):
    bad = bytearray(NUMBERS)
    at = NUMBERS.index(b"\x20\0\x20\1\x6a") + 4
    bad[at] = 0x7C  # i64.add on two i32
    path = directory / "bad.wasm"
    path.write_bytes(bad)
    for line in (["run", path], [path], ["validate", path], ["run", "--workers", "2", path]):
        result = run(line)
        check(result.status == 1 and f"at offset {at:#x}: type mismatch" in result.err and
              len(result.err.splitlines()) == 1, f"{line[0]}: one line with the offset", result.err)
    for content, wanted in [(b"", "nothing in it"), (b"\0asm", "unexpected end"),
                            (b"#!/bin/sh\n", "a script"), (b"\0asm\2\0\0\0", "unknown binary version"),
                            (b"\0asm\x0d\0\1\0", "component unbundle"), (NUMBERS[:-20], ""),
                            (b"\x7fELF\2\1\1", "ELF"), (b"MZ\x90\0", "Windows"),
                            (b"\xcf\xfa\xed\xfe\7", "Mach-O"), (b"BC\xc0\xde5", "LLVM bitcode"),
                            (b"!<arch>\nx", "archive"), (b"\x1f\x8b\x08", "gunzip"), (b"PK\3\4", "unzip"),
                            (b"\xfd7zXZ\0", "unxz"), (b"\xef\xbb\xbf(module)", "byte order mark"),
                            (b"\xff\xfe(\0", "UTF-16"), (b"<!DOCTYPE html>", "HTML"),
                            (b"x" * 257 + b"ustar", "tar -xf"),
                            (b"hello", "neither a module")]:
        path.write_bytes(content)
        result = run([path])
        check(result.status == 1 and wanted in result.err and len(result.err.splitlines()) == 1,
              f"{content[:12]}: {wanted}", result.err)
    for line, wanted in [(["no-such-file.wasm"], "No such file"), ([directory], "directory"),
                         (["--dir", "/no/such/dir", path], "")]:
        result = run(line)
        check(result.status == 1 and wanted in result.err, f"{line}: {wanted}", result.err)
    for line in (["--no-such-option", path], ["--dir"], ["--dir", "", path], ["--env", "=x", path],
                 ["--workers", "many", path], ["--memory-checks", "other", path],
                 ["validate", "--stats", path], ["run", "--invoke"]):
        result = run(line)
        check(result.status == 2 and result.err.startswith("sluice:"), f"{line}: wrong line",
              result.err)
    empty = directory / "empty.wasm"
    empty.write_bytes(b"\0asm\1\0\0\0")
    result = run([empty])
    check(result.status == 1 and "nothing to run" in result.err, "nothing to run", result.err)


def test_features(directory):
    path = directory / "wide.wasm"
    # (func (export "f") (param i64) (result i64) (i64.mul_wide_u (local.get 0) (local.get 0)) drop)
    path.write_bytes(b"\0asm\1\0\0\0\1\6\1\x60\1\x7e\1\x7e\3\2\1\0\7\5\1\1f\0\0\n\x0b\1\x09\0"
                     b"\x20\0\x20\0\xfc\x16\x1a\x0b")
    for line in (["--invoke", "f", path, 5], ["validate", path]):
        result = run(line)
        check(result.status == 1 and "wide" in result.err, f"{line}: off unless asked for", result.err)
    check_output(run(["--features", "wide-arithmetic", "--invoke", "f", path, 5]), "25\n", 0, "--features")
    check_output(run(["validate", "--features=-simd,wide-arithmetic", path]), f"{path}: valid\n", 0,
                 "validate --features")
    result = run(["--features", "wide-arithmetic", "--features=-wide-arithmetic", path])
    check(result.status == 1, "what comes later wins", result.err)


def test_streams(directory):
    for line in (["run", "-"], ["-"], [], ["run"], ["--workers", "0"]):
        check(run(line, pipe=with_exit(5), seconds=0.1).status == 5, f"{line}: module from a pipe")
    check_output(run(["validate"], pipe=NUMBERS, seconds=0.1), "standard input: valid\n", 0,
                 "validate from a pipe")
    # An error is reported while the pipe is still open: bodies are checked as they arrive.
    bad = bytearray(NUMBERS)
    bad[NUMBERS.index(b"\x20\0\x20\1\x6a") + 4] = 0x7C
    for workers in ("0", "2"):
        process = subprocess.Popen([CLI, "run", "--workers", workers, "-"], stdin=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        half = NUMBERS.index(body(b"\x10\2"))
        process.stdin.write(bytes(bad[:half]))
        process.stdin.flush()
        try:
            deadline = time.monotonic() + 20
            while process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.05)
                process.stdin.write(bad[half:half + 1])  # a worker's finding comes with a later feed
                process.stdin.flush()
                half = min(half + 1, len(bad) - 2)
        except BrokenPipeError:
            pass
        process.wait(10)
        check(process.returncode == 1 and b"type mismatch" in process.stderr.read(),
              f"error before the end of the stream, {workers} workers")
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()


COMMANDS = ("run", "validate", "inspect", "objdump", "explore", "wat2wasm", "wasm2wat", "wast", "bench compile",
            "bench run", "bench stream", "completion", "man")


def test_shells(directory):
    """Completions that the shells accept, with all options; a manual page without complaint."""
    scripts = {shell: run(["completion", shell]) for shell in ("bash", "zsh", "fish")}
    page = run(["man"])
    options = set(re.findall(r"^  (--[a-z-]+)", run(["help", "run"]).out, re.M))
    check(len(options) > 8, "options of run")
    for option in options:
        check(all((option if shell != "fish" else f"-l {option[2:]} ") in script.out
                  for shell, script in scripts.items()), f"{option} is completed")
        check(option.replace("-", "\\-") in page.out, f"{option} is in the manual")
    for shell, script in scripts.items():
        if shutil.which(shell):
            checked = subprocess.run([shell, "-n"], input=script.out, capture_output=True, text=True)
            check(checked.returncode == 0 and not checked.stderr, f"{shell} reads it", checked.stderr)
    if shutil.which("bash"):
        def complete(*words):
            line = " ".join(f"'{word}'" for word in words)
            asked = subprocess.run(
                ["bash", "-c", f'{scripts["bash"].out}\nCOMP_WORDS=({line}); '
                 f'COMP_CWORD={len(words) - 1}; _sluice; echo "${{COMPREPLY[*]}}"'],
                capture_output=True, text=True, cwd=directory)
            return asked.stdout.split()
        check("validate" in complete("sluice", "v"), "commands in bash")
        check(complete("sluice", "run", "--memory-checks", "e") == ["explicit"], "values in bash")
        check(complete("sluice", "run", "--inv") == ["--invoke"], "options in bash")
        check(complete("sluice", "bench", "") [:3] == ["compile", "run", "stream"], "second words in bash")
    if shutil.which("man"):
        shown = subprocess.run(["man", "--warnings", "-l", "-"], input=page.out, capture_output=True,
                               text=True)
        check("inherit-env" in shown.stdout and not shown.stderr, "man shows it", shown.stderr)
    for line, wanted in [(["completion"], "bash, zsh or fish"), (["completion", "tcsh"], "bash, zsh or"),
                         (["man", "x"], "takes nothing")]:
        result = run(line)
        check(result.status == 2 and wanted in result.err, f"{line}: {wanted}", result.err)


def test_inspect(directory):
    path = directory / "module.wasm"
    path.write_bytes(make(
        types=[([I32, I64], [F64, I32]), ([], [])], funcs=[1, 0], memory=True,
        exports=[("m\x1b[2J", 2, 0), ("swap", 0, 2)], imports=[("env", "wa\x07it", 1)],
        bodies=[body(b"\x41\0\xc0\x1a"), body(b"\x44" + bytes(8) + b"\x20\0")], names={1: "first"}))
    result = run(["inspect", path])
    check(result.status == 0 and "\x1b" not in result.out and "\x07" not in result.out, "inspect",
          result.err)
    for text in (f"{path}: {path.stat().st_size} bytes", "features needed: sign-extension, multi-value",
                 "custom 'name'", "env.wa?it: func () -> ()", "m?[2J: memory, 1 pages",
                 "swap: func (i32, i64) -> (f64, i32)", "functions: 3, 1 of them imported",
                 "func 2"):
        check(text in result.out, f"inspect says {text!r}", result.out)
    check("none beyond" in run(["inspect"], pipe=with_exit(1), seconds=0.1).out, "from a pipe")
    path.write_bytes(NUMBERS[:-20])
    result = run(["inspect", path, directory])
    check(result.status == 1 and len(result.err.splitlines()) == 2 and not result.out,
          "inspect: a line for each that is not valid", result.err)


def test_machine_code(directory):
    path = directory / "numbers.wasm"
    path.write_bytes(NUMBERS)
    result = run(["objdump", "--func", "0", "--cpu=sse4.1", path])
    if "without a disassembler" in result.err or "cannot load the disassembler" in result.err:
        print(f"objdump and explore are not tested: {result.err}")
        return
    offset = NUMBERS.index(b"\x20\0\x20\1\x6a") + 4
    check(result.status == 0 and "func[0] add: 7 bytes of WebAssembly" in result.out and
          f";; {offset:#x}: i32.add" in result.out and "ret" in result.out, "objdump", result.out)
    check(result.out.count("func[") == 1, "one function", result.out)
    result = run(["objdump", path])
    check(result.out.count("func[") == 6 and "\x1b" not in result.out, "all functions", result.out)
    result = run(["explore", path])
    check(result.out.startswith("<!doctype html>") and result.out.rstrip().endswith("</html>") and
          result.out.count("<details>") == 6 and "\x1b" not in result.out, "explore", result.err)
    linked = {n for n in re.findall(r'data-o="(\d+)"', result.out)}
    check(str(offset) in linked and result.out.count(f'data-o="{offset}"') >= 2, "lines are linked")
    check("http://" not in result.out and "https://" not in result.out and "src=" not in result.out,
          "nothing from elsewhere")
    for tag in ("details", "div", "span", "summary", "small"):
        check(result.out.count(f"<{tag}") == result.out.count(f"</{tag}>"), f"<{tag}> is closed")
    path.write_bytes(make(types=[([], [])], funcs=[0], exports=[("_start", 0, 0)], bodies=[body(b"")],
                          names={0: "<script>&\""}))
    result = run(["explore", path])
    check("&lt;script&gt;&amp;&quot;" in result.out and result.out.count("<script>") == 1,
          "names are no markup", result.out[-900:])
    path.write_bytes(b"\0asm\1\0\0\0")
    check(run(["explore", path]).status == 1, "nothing to show")


def test_unknown_imports(directory):
    path = directory / "unknown.wasm"
    path.write_bytes(make(types=[([], [I32]), ([], [])], funcs=[0, 1], imports=[("env", "on\x1be", 0)],
                          exports=[("ask", 0, 1), ("_start", 0, 2)],
                          bodies=[body(b"\x10\0\x41\5\x6a"), body(b"")]))
    check(run([path]).status == 1, "an unknown import is an error")
    check(run(["--unknown-imports=error", path]).status == 1, "and if asked for")
    check(run(["--unknown-imports=trap", path]).status == 0, "not called, no trap")
    result = run(["--unknown-imports", "trap", "--invoke", "ask", path])
    check(result.status == 134 and "unknown import 'env.on?e' was called" in result.err, "a trap",
          result.err)
    check_output(run(["--unknown-imports=default", "--invoke", "ask", path]), "5\n", 0, "zeros")


def test_limits(directory):
    """--max-memory: what is declared, and what is grown to."""
    path = directory / "grow.wat"
    path.write_text('(module (memory 2) (memory 1) (func (export "grow") (param i32) (result i32)\n'
                    ' (memory.grow (local.get 0))) (func (export "_start")))')
    check_output(run(["--max-memory", "192K", "--invoke", "grow", path, 0]), "2\n", 0, "what is there")
    check_output(run(["--max-memory=192K", "--invoke", "grow", path, 1]), "-1\n", 0, "no page more")
    check_output(run(["--max-memory=1M", "--invoke", "grow", path, 13]), "2\n", 0, "up to the limit")
    check_output(run(["--max-memory=1M", "--invoke", "grow", path, 14]), "-1\n", 0, "and not beyond")
    for line in (["--max-memory=128K", path], ["bench", "run", "--max-memory=0", path]):
        result = run(line)
        check(result.status == 1 and "limit" in result.err and len(result.err.splitlines()) == 1, f"{line}",
              result.err)
    result = run(["--max-memory", "lots", path])
    check(result.status == 2 and "a size, as" in result.err, "--max-memory lots", result.err)


def test_forms(directory):
    """Figures and traps for programs to read; a module that arrives slowly."""
    path = directory / "numbers.wasm"
    path.write_bytes(NUMBERS)
    stats = json.loads(run(["--stats=json", "--invoke", "add", path, 1, 2]).err)
    check(stats["bytes"] == len(NUMBERS) and stats["functions"] == 6, "--stats=json", str(stats))
    result = run(["--backtrace=json", "--invoke", "deep", path])
    trap = json.loads(result.err)
    check(result.status == 134 and trap["trap"] == "unreachable" and
          [frame["func"] for frame in trap["frames"]] == [2, 4] and
          trap["frames"][0]["name"].startswith("evil\x1b"), "--backtrace=json", result.err)
    named = os.fsencode(directory) + b"/named\xff\xc3\xa9.wasm"
    pathlib.Path(os.fsdecode(named)).write_bytes(
        make(types=[([], [])], funcs=[0], exports=[("_start", 0, 0)], bodies=[body(b"\0")],
             names={0: "\x9b31m\xe9\""}))
    told = subprocess.run([CLI, "--backtrace=json", named], stderr=subprocess.PIPE, timeout=60).stderr
    os.unlink(named)
    trap = json.loads(told)
    check(b"\xc2\x9b" not in told and trap["frames"][0]["name"] == "\x9b31m\xe9\"" and
          trap["module"].endswith("named\ufffd\ufffd\ufffd.wasm"), "names of any bytes in JSON", str(told))
    process = subprocess.Popen([CLI, "--profile=perfmap", "--compile=eager", "--invoke", "add", path, "1", "2"],
                               stdout=subprocess.PIPE)
    process.communicate(timeout=60)
    names = pathlib.Path(f"/tmp/perf-{process.pid}.map")
    if check(names.exists(), "--profile=perfmap"):
        written = names.read_bytes()
        names.unlink()
        lines = written.decode().splitlines()
        lines = [line for line in lines if "[sluice: " not in line]
        check(len(lines) == 6 and re.fullmatch(r"[0-9a-f]+ [0-9a-f]+ add", lines[0]) and
              "evil?[31m?" in lines[2], "a line for each function", str(lines))
    # Numbers of processes come again: what an earlier one has left is replaced, what others put there is not.
    victim = directory / "victim"
    victim.write_text("precious")
    for name_of, option in (("/tmp/perf-{}.map", "perfmap"), (str(directory) + "/jit-{}.dump", "jitdump")):
        for kind, command in (("a file", 'echo old > "$0"'), ("a symlink", f'ln -s {victim} "$0"'),
                              ("a hard link", f'ln {victim} "$0"'), ("a directory", 'mkdir "$0"')):
            script = f'name="{name_of.format("$$")}"; sh -c \'{command}\' "$name"; exec "$@"'
            started = subprocess.Popen(["sh", "-c", script, "sh", CLI, f"--profile={option}", "--invoke", "add", path,
                                        "1", "2"], cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                       text=True)
            out, err = started.communicate(timeout=60)
            left = pathlib.Path(name_of.format(started.pid))
            with contextlib.suppress(OSError):
                if kind == "a file":
                    check(out == "3\n" and not left.read_bytes().startswith(b"old"), f"{option}: {kind} is replaced", err)
                else:
                    check(out == "" and "remove it" in err, f"{option}: {kind} stays", out + err)
            left.rmdir() if left.is_dir() and not left.is_symlink() else left.unlink()
    check(victim.read_text() == "precious", "others' files are left alone")
    # On a terminal a bar that goes away again; elsewhere nothing.
    main, other = pty.openpty()
    slow = subprocess.Popen([CLI, "--throttle", str(len(NUMBERS)), "--invoke", "add", path, "1", "2"],
                            stdout=subprocess.PIPE, stderr=other)
    os.close(other)
    check(slow.communicate(timeout=60)[0] == b"3\n", "with a bar")
    shown = read_terminal(main)
    check("functions" in shown and shown.endswith("\r\x1b[K"), "a bar", repr(shown))
    # Also before an error.
    wrong = directory / "wrong.wasm"
    wrong.write_bytes(make(types=[([], [])], funcs=[0] * 200, exports=[],
                           bodies=[body(b"\x01" * 20)] * 199 + [body(b"\x6a")]))
    shown = on_terminal(["--throttle", 6000, wrong], TERM="dumb")
    check("functions" in shown and "\r\x1b[Ksluice: " in shown and
          shown.endswith("\n"), "a bar goes away before an error", repr(shown))
    start = time.monotonic()
    result = run(["--throttle", len(NUMBERS) * 2, "--invoke", "add", path, 1, 2])
    check(result.out == "3\n" and time.monotonic() - start > 0.4 and not result.err,
          "--throttle", result.err)


def read_terminal(main):
    """All that was written to it until nobody has it open any more."""
    shown = b""
    with contextlib.suppress(OSError):  # how a terminal ends
        while piece := os.read(main, 1 << 16):
            shown += piece
    os.close(main)
    return shown.decode()


def on_terminal(line, **variables):
    """What the command writes where both its outputs are a terminal."""
    main, other = pty.openpty()
    environment = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "TERM")}
    process = subprocess.Popen([CLI, *map(str, line)], stdin=subprocess.DEVNULL, stdout=other, stderr=other,
                               env=environment | variables)
    os.close(other)
    shown = read_terminal(main)
    process.wait(60)
    return shown


def test_colours(directory):
    """On terminals only, and not for those who do not want them; nothing else changes."""
    text, path = directory / "bad.wat", directory / "numbers.wasm"
    text.write_text("(module (func (i32.ad)))")
    path.write_bytes(NUMBERS)
    for line, wanted in [(["validate", text], ["\x1b[1;31msluice:\x1b[0m", "^\x1b[0m"]),
                         (["--nonsense"], ["\x1b[1;31msluice:\x1b[0m unknown option"]),
                         (["no-such.wasm"], ["\x1b[1;31msluice:"]), (["--invoke", "deep", path], ["\x1b[1;31msluice:"]),
                         (["inspect", path], ["\x1b[1msections:\x1b[0m", "\x1b[1mfunctions: 6"]),
                         (["run", "--help"], ["\x1b[1musage:\x1b[0m", "\x1b[1moptions:"]), (["--help"], ["\x1b[1mcommands:"])]:
        colourful = on_terminal(line, TERM="xterm")
        check(all(word in colourful for word in wanted), f"{line}: colours", repr(colourful))
        plain = run(line)
        without = re.sub("\x1b\\[[0-9;]*m", "", colourful).replace("\r\n", "\n")
        check(without in (plain.out + plain.err, plain.err + plain.out), f"{line}: the same words", without)
        check("\x1b" not in plain.out + plain.err, f"{line}: no terminal, no colours")
        for variables in ({"TERM": "xterm", "NO_COLOR": "1"}, {"TERM": "dumb"}, {}):
            check("\x1b" not in on_terminal(line, **variables), f"{line}: {variables}")


def test_words(directory):
    for line in (["--help"], ["-h"], ["help"], ["bench", "--help"]):
        result = run(line)
        check(result.status == 0 and all(word in result.out for word in COMMANDS), f"{line}")
    for command in COMMANDS:
        texts = {run(line).out for line in (["help", *command.split()], [*command.split(), "--help"],
                                            [*command.split(), "-h"])}
        check(len(texts) == 1 and f"usage: sluice {command}" in texts.pop(), f"help of {command}")
    check("--invoke NAME" in run(["run", "--help"]).out, "options in the help of run")
    for words in (["help", "bogus"], ["help", "bench"], ["vaildate"]):
        result = run(words)
        check(result.status == 2 and words[-1] in result.err and result.err.endswith("(see sluice --help)\n"),
              f"{words}: no command", result.err)
    # Behind a module they are the program's.
    path = directory / "exit.wasm"
    path.write_bytes(with_exit(7))
    for word in ("--help", "-h"):
        check(run([path, word]).status == 7, f"MODULE {word}")
    for text in (run(["help", command]).out for command in COMMANDS):
        check(all(len(line) <= 100 for line in text.splitlines()), "no long lines", text)
    check(re.fullmatch(r"sluice \d+\.\d+\.\d+\n", run(["--version"]).out), "--version")
    path = directory / "numbers.wasm"
    path.write_bytes(NUMBERS)
    check_output(run(["validate", path, path]), f"{path}: valid\n" * 2, 0, "validate two")
    result = run(["run", "--stats", "--invoke", "add", path, 1, 2])
    check(result.out == "3\n", "--stats leaves standard output alone")
    for word in ("bytes", "functions", "machine code bytes", "compile time", "last byte to ready"):
        check(word in result.err, f"--stats: {word}", result.err)
    for mode in ("guard", "explicit"):
        result = run(["--stats", "--memory-checks", mode, "--invoke", "add", path, 1, 2])
        check(result.out == "3\n" and mode in result.err, f"--memory-checks {mode}", result.err)


def bench_rows(result, what):
    """The lines of figures as dictionaries, checked for the form that everybody may rely on."""
    head, *lines = [line.split("\t") for line in result.out.splitlines()] or [[]]
    check(head == ["file", "bytes", "code_bytes", "min_ms", "median_ms", "machine_code_bytes"],
          f"{what}: first line", result.out)
    rows = [dict(zip(head, line)) for line in lines]
    for row in rows:
        check(len(row) == 6 and 0 < float(row["min_ms"]) <= float(row["median_ms"]),
              f"{what}: times", result.out)
    return rows


def test_bench(directory):
    numbers, program = directory / "numbers.wasm", directory / "program.wasm"
    numbers.write_bytes(NUMBERS)
    program.write_bytes(with_exit(0))
    bad = directory / "broken.wasm"
    bad.write_bytes(NUMBERS[:-20])
    result = run(["bench", "compile", "--workers=0", "--repeat=3", numbers, program])
    rows = bench_rows(result, "bench compile")
    check([row["file"] for row in rows] == [str(numbers), str(program)], "a line per module",
          result.out)
    check(result.status == 0 and rows[0]["bytes"] == str(len(NUMBERS)), "bytes", result.out)
    code_section = NUMBERS[NUMBERS.index(b"\x0a", NUMBERS.index(b"_initialize")) + 1]
    check(rows[0]["code_bytes"] == str(code_section), "bytes of code", result.out)
    check(int(rows[0]["machine_code_bytes"]) > int(rows[0]["code_bytes"]), "machine code",
          result.out)
    result = run(["bench", "compile", "--repeat", "1", bad, numbers])
    check(result.status == 1 and "broken.wasm" in result.err and
          [row["file"] for row in bench_rows(result, "with a bad module")] == [str(numbers)],
          "a module that fails does not keep the others from being measured", result.err)
    result = run(["bench", "compile"], pipe=NUMBERS, seconds=0.1)
    check([row["file"] for row in bench_rows(result, "from a pipe")] == ["-"], "a module from a pipe")
    # Only long functions depend on the level, and eager compilation is quick unless told otherwise.
    long = directory / "long.wat"
    long.write_text('(module (func (export "f") (result i32) (local i32) %s (local.get 0)))' %
                    (40 * "(local.set 0 (i32.add (local.get 0) (i32.const 3)))"))
    sizes = [int(bench_rows(run(["bench", *line, long]), str(line))[0]["machine_code_bytes"]) for line in (
        ["compile"], ["compile", "--opt-level=quick"], ["compile", "--opt-level=full"],
        ["run", "--invoke=f", "--compile=eager"], ["run", "--invoke=f"])]
    check(sizes[0] == sizes[1] == sizes[3] > sizes[2] == sizes[4], "levels", str(sizes))
    # What the guest prints is thrown away, and so is what an invoked function returns.
    result = run(["bench", "run", "--repeat=4", "--invoke", "add", numbers, 1, 2])
    check(len(bench_rows(result, "bench run")) == 1 and result.status == 0, "bench run", result.out)
    check(len(bench_rows(run(["bench", "run", program]), "exit 0")) == 1, "a program that exits")
    program.write_bytes(with_exit(7))
    result = run(["bench", "run", program])
    check(result.status == 7 and result.out == "", "a program that fails has no figures", result.out)
    check(run(["bench", "run", "--invoke", "deep", numbers]).status == 134, "nor has one that traps")
    for line in (["bench"], ["bench", "other", numbers], ["bench", "compile", "--repeat=0", numbers],
                 ["bench", "compile", "--repeat=x", numbers], ["bench", "compile", "--workers=999", numbers],
                 ["bench", "compile", "--invoke", "add", numbers], ["bench", "run", "--stats", program],
                 ["run", "--repeat=3", program]):
        result = run(line)
        check(result.status == 2 and result.err.startswith("sluice:"), f"{line}: wrong line",
              result.err)


def test_timeline(directory):
    """The picture of a stream: what is in it, and that it is one file of XML without markup of modules'."""
    numbers, program = directory / "nu<m&bers.wasm", directory / "program.wasm"
    numbers.write_bytes(NUMBERS)
    program.write_bytes(with_exit(7))
    svg = "{http://www.w3.org/2000/svg}"
    for line, wanted, absent in [
            (["--workers=2", "--compile=eager", "--throttle=8Kbit", numbers],
             ["nu<m&bers.wasm", "2 workers, eager, 0.001 MB/s", "feeding thread", "sections", "ready, +", "last byte, ",
              "functions compiled", "first call, +"], []),
            (["--workers", 0, "--compile", "lazy", "--invoke", "add", numbers, 1, 2],
             ["0 workers, lazy", "first call, +", "feeding thread"], ["worker 1"])]:
        result = run(["bench", "stream", *line])
        check(result.status == 0 and not result.err, f"{line}: status", result.err)
        try:
            page = ElementTree.fromstring(result.out)
        except ElementTree.ParseError as error:
            check(False, f"{line}: XML", f"{error}\n{result.out[:2000]}")
            continue
        text = "\n".join("".join(node.itertext()) for node in page.iter(f"{svg}text"))
        check(all(word in text for word in wanted) and not any(word in text for word in absent), f"{line}: words", text)
        drawn = [node.get("class") for node in page.iter(f"{svg}rect")]
        # What comes in one piece has no width.
        check(("code" in drawn or "lazy" in line) and ("compile" in drawn or "validate" in drawn),
              f"{line}: code and work on it", str(drawn))
        check("http" not in result.out.replace("http://www.w3.org/2000/svg", ""), f"{line}: nothing from elsewhere")
    # 8 Kbit/s are a thousand bytes a second. A busy machine makes it slower, but hardly each time.
    def seconds():
        drawn = run(["bench", "--stream", "--throttle=8Kbit", numbers]).out
        return float(re.search(r"last byte, ([0-9.]+) ms", drawn)[1]) / 1000
    late = [seconds() - len(NUMBERS) / 1000]
    while late[-1] >= 0.15 and len(late) < 20:
        late.append(seconds() - len(NUMBERS) / 1000)
    check(-0.15 < min(late) < 0.15, "--throttle in bits", f"{late} s")
    # Names may be long, and no text at all.
    strange = os.fsencode(directory) + b"/" + b"&" * 200 + b"\xff.wasm"
    shutil.copyfile(numbers, strange)
    drawn = subprocess.run([CLI, "bench", "stream", strange], capture_output=True, timeout=60)
    words = "".join(ElementTree.fromstring(drawn.stdout).itertext())
    check("&" * 200 + "?.wasm" in words, "a strange name", words[:500])
    strange = directory / "\ufffe&\uffff.wasm"
    shutil.copyfile(numbers, strange)
    words = "".join(ElementTree.fromstring(run(["bench", "stream", strange]).out).itertext())
    check("?&?.wasm" in words, "a name with no characters of XML", words[:500])
    picture = directory / "picture.svg"
    result = run(["bench", "stream", "-o", picture, program])
    check(result.status == 7 and not result.out and "first call" in picture.read_text(), "a program", result.err)
    program.write_bytes(with_exit(0))
    result = run(["bench", "stream", "-o", directory / "no" / "where", program])
    check(result.status == 1 and "cannot write" in result.err, "nowhere to write", result.err)
    (directory / "empty.wasm").write_bytes(b"\0asm\1\0\0\0")
    result = run(["bench", "stream", directory / "empty.wasm"])
    check(result.status == 0 and "first call" not in result.out.replace("to the first call", ""), "nothing to run",
          result.err)
    result = run(["bench", "stream", "--throttle", "fast", program])
    check(result.status == 2 and "500K or 100Mbit" in result.err, "--throttle fast", result.err)


def test_stops(directory):
    """Ctrl-C and --timeout end a guest in its own code and one that waits in a system call."""
    if os.environ.get("SLUICE_SANITIZE") == "thread":
        return  # no signals in generated code there
    spin = directory / "spin.wasm"
    spin.write_bytes(make(types=[([], [])], funcs=[0], exports=[("_start", 0, 0)],
                          bodies=[body(b"\x03\x40\x0c\0\x0b")]))
    result = run(["--timeout", "50ms", spin])
    check(result.status == 124 and "stopped after the time" in result.err, "--timeout", result.err)
    check(run(["--timeout=1m", "--invoke", "_start", directory / "exit.wasm"]).status != 124,
          "a time that does not pass")
    result = run(["--fuel", "1000000", spin])
    check(result.status == 134 and "all fuel consumed" in result.err, "--fuel", f"{result.status} {result.err}")
    # poll_oneoff(0, 64, 1, 128) for a clock that is an hour away.
    sleep = directory / "sleep.wasm"
    sleep.write_bytes(make(
        types=[([I32, I32, I32, I32], [I32]), ([], [])], funcs=[1], memory=True,
        imports=[("wasi_snapshot_preview1", "poll_oneoff", 0)],
        exports=[("_start", 0, 1), ("memory", 2, 0)],
        bodies=[body(b"\x41\x18\x42\x80\x80\x80\x80\x80\x80\x01\x37\3\0" +
                     b"\x41\0\x41\xc0\0\x41\1\x41\x80\1\x10\0\x1a")]))
    result = run(["--timeout", "50ms", sleep])
    check(result.status == 124, "--timeout wakes a guest that sleeps", f"{result.status} {result.err}")
    guest = subprocess.Popen([CLI, spin], stderr=subprocess.PIPE, text=True)
    while int(pathlib.Path(f"/proc/{guest.pid}/stat").read_text().split()[13]) < 5:
        pass  # clock ticks spent: by then it spins
    guest.send_signal(signal.SIGINT)
    check(guest.wait(timeout=60) == 130, "Ctrl-C: exit status 130")
    check("stopped by Ctrl-C" in guest.stderr.read(), "Ctrl-C: says so")
    # An alarm that was set before the command was executed ends it as it ends any program.
    alarmed = subprocess.run([CLI, spin], preexec_fn=lambda: signal.alarm(1), stderr=subprocess.PIPE, timeout=60)
    check(alarmed.returncode == -signal.SIGALRM and not alarmed.stderr, "somebody else's alarm", str(alarmed))


def test_hostile_lines(directory):
    """Lines that nobody should write, and a standard output that takes nothing."""
    path = directory / "numbers.wasm"
    path.write_bytes(NUMBERS)
    dashed = directory / "-x.wasm"
    dashed.write_bytes(NUMBERS)
    for line in (["--invoke", "add", "--", path, 1, 2], ["run", "--invoke=add", "--", path, 1, 2]):
        check_output(run(line), "3\n", 0, f"{line}: -- ends the options")
    here = subprocess.run([CLI, "--invoke", "add", "--", dashed.name, "1", "2"], cwd=directory,
                          capture_output=True, text=True, timeout=60)
    check(here.stdout == "3\n", "a module whose name begins with a dash", here.stderr)
    for line, wanted in [(["--memory-checks", "EXPLICIT", path], "auto, guard or explicit, not 'EXPLICIT'"),
                         (["--memory-checks", "2", path], "auto, guard or explicit"),
                         (["--stats=5", path], "--stats wants text or json"),
                         (["--invoke", "add", "--invoke", "add", path, 1, 2], "--invoke is given twice"),
                         (["--workers", "-1", path], "--workers wants a number from 0 to 256, not '-1'"),
                         (["--workers", "4x", path], "from 0 to 256"), (["--workers=", path], "--workers wants"),
                         (["--max-stack", "1", path], "a size from 16K to 4G"),
                         (["--max-stack", "4097M", path], "a size from 16K to 4G"),
                         (["--fuel", "0", path], "a number from 1 to 9223372036854775807, not '0'"),
                         (["--features", "simd,wide", path], "proposals' names"),
                         (["--features", "smid", path], "similar: simd; there are: mvp sign-extension"),
                         (["--features", "", path], "there are: mvp"), (["--features=gc,", path], "there are: mvp"),
                         (["--features=-", path], "there are: mvp"),
                         (["--timeout", "0", path], "a time, as 500ms, 10s or 2m"), (["--timeout=0ms", path], "a time, as"),
                         (["--max-stack", "99999999999T", path], "a size"),
                         (["--timeout", "soon", path], "a time, as 500ms, 10s or 2m"),
                         (["--timeout", "99999999999999999999m", path], "a time"),
                         (["--inovke", "add", path], "similar: --invoke"),
                         (["run", "--repeat=3", path], "is no option of sluice run"),
                         (["--invoke"], "--invoke wants NAME"),
                         (["--env=", path], "--env wants NAME[=VALUE], not ''"),
                         (["--dir=", path], "--dir wants HOST[::GUEST][:ro], not ''"),
                         (["--trace-wasi=1", path], "--trace-wasi takes no value"),
                         (["-x", path], "unknown option '-x'"),
                         (["vaildate", path], "similar: validate"), (["bench", path], "'bench run'"),
                         (["--stats\x1b[31m", path], "unknown option '--stats?[31m'")]:
        result = run(line)
        check(result.status == 2 and wanted in result.err and len(result.err.splitlines()) == 1,
              f"{line}: {wanted}", result.err)
    for line in (["--invoke", "", path], ["--invoke=", path], [path, "--invoke="]):
        result = run(line)
        check(result.status == 1 and "no function ''" in result.err, f"{line}: an empty name", result.err)
    for line in (["--invoke", "add", path, "1", "2"], ["validate", path], ["--version"]):
        with open("/dev/full", "w") as full:
            result = subprocess.run([CLI, *map(str, line)], stdout=full, stderr=subprocess.PIPE,
                                    text=True, timeout=60)
        check(result.returncode == 1 and "cannot write to standard output" in result.stderr,
              f"{line}: nothing is lost without a word", result.stderr)
        reader, writer = os.pipe()
        os.close(reader)
        result = subprocess.run([CLI, *map(str, line)], stdout=writer, stderr=subprocess.PIPE, text=True,
                                timeout=60)
        os.close(writer)
        check(result.returncode == 1 and "standard output: Broken pipe" in result.stderr,
              f"{line}: nobody reads", result.stderr)
        closed = subprocess.run(["sh", "-c", 'exec "$0" "$@" >&-', CLI, *map(str, line)],
                                stderr=subprocess.PIPE, text=True, timeout=60)
        check(closed.returncode == 1 and "cannot write" in closed.stderr, f"{line}: closed output",
              closed.stderr)


def test_text(directory):
    """Text where binary is expected, both converters, and what is said of a wrong text."""
    text = b'(module (func (export "twice") (param i32) (result i32)\n (i32.add (local.get 0) (local.get 0))))'
    wat = directory / "twice.wat"
    wat.write_bytes(text)
    check_output(run(["--invoke", "twice", wat, 21]), "42\n", 0, f"{wat}")
    check_output(run(["validate", wat]), f"{wat}: valid\n", 0, "validate of a text")
    wasm = directory / "twice.wasm"
    check_output(run(["wat2wasm", wat, "-o", wasm]), "", 0, "wat2wasm")
    check(wasm.read_bytes()[:4] == b"\0asm", "wat2wasm writes binary", str(wasm.read_bytes()))
    for option in (f"-o{wasm}", f"-o={wasm}", f"--output={wasm}"):
        wasm.unlink()
        check(run(["wat2wasm", option, wat]).status == 0 and wasm.exists(), option)
    printed = run(["wasm2wat", wasm]).out
    check('(export "twice" (func 0))' in printed, "wasm2wat", printed)
    wat.write_text(printed)
    check_output(run(["wat2wasm", wat, "--output", directory / "again.wasm"]), "", 0, "wat2wasm --output")
    check((directory / "again.wasm").read_bytes() == wasm.read_bytes(), "round trip", printed)
    for text in ("(component)", " ( component $c (core module))"):
        wat.write_text(text)
        for command in ("run", "validate", "wat2wasm"):
            result = run([command, wat])
            check(result.status == 1 and "a component, not a core module" in result.err, f"{command} {text}", result.err)
    wat.write_text("(module\n (func (i32.ad)))\n")
    for line in (["run"], ["validate"], ["wat2wasm"], ["bench", "compile"]):
        result = run([*line, wat])
        check(result.status == 1, f"{line}: status", str(result.status))
        said = f"sluice: {wat}:2:9: unknown operator: 'i32.ad'\n   (func (i32.ad)))\n          ^\n"
        check(result.err == said, f"{line}: wrong text", result.err)
    # What is wrong with the module, not with its text, is shown in the text all the same.
    for text, line, column, what in [
            ("(module\n  (func (result i32)\n    (i32.add\n      (i32.const 1) (i64.const 2))))", 3, 6,
             "expected i32, found i64"),
            ("(module\n (func\n  i32.const 1\n  if\n    nop\n    i32.const 2\n  end))", 7, 3, "operands"),
            ("(module\n (func\n  (if (i32.const 1)\n    (then (i32.const 7))\n  )))", 5, 3, "operands"),
            ("(module\n (func (result i32)\n  nop\n  ))", 4, 3, "expected 1 operand"),
            ("(module\n (func)\n (memory 1)\n (global i32\n  (i64.const 1)))", 4, 2, "expected i32"),
            ("(module\n (type (func))\n (memory 70000))", 3, 2, "65536 pages"),
            ("(module\n (export \"f\" (func 3)))", 2, 2, "unknown")]:
        wat.write_text(text)
        for command in ("run", "validate", "inspect", "objdump"):
            result = run([command, wat])
            lines = result.err.splitlines()
            check(result.status == 1 and len(lines) == 3 and what in lines[0] and
                  lines[0].startswith(f"sluice: {wat}:{line}:{column}: ") and
                  lines[2] == " " * (column + 1) + "^", f"{command}: {what} in the text", result.err)
    # What is neither of the two forms is converted to nothing.
    for content in (b"", b")", b"(", b"module", b"\xef\xbb\xbf(module)", b"\0as", b"\x1f\x8b\x08\0"):
        for command in ("wat2wasm", "wasm2wat"):
            result = run([command, "-"], stdin=content)
            check(result.status == 1 and not result.out and len(result.err.splitlines()) >= 1,
                  f"{command}: {content}", result.out + result.err)
    # Text may be far larger than the bytes it stands for: 50,000 locals in four bytes.
    many = make(types=[([], [])], funcs=[0] * 300, exports=[],
                bodies=[name(vec([leb(50000) + bytes([F64])]) + b"\x0b")] * 300)
    (directory / "locals.wasm").write_bytes(many)
    with subprocess.Popen([CLI, "wasm2wat", directory / "locals.wasm"], stdout=subprocess.PIPE) as process:
        length = sum(len(piece) for piece in iter(lambda: process.stdout.read(1 << 20), b""))
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    check(process.returncode == 0 and length > 300 * 50000 * 4, "the text is whole", str(length))
    if not os.environ.get("SLUICE_SANITIZE"):
        check(usage.ru_maxrss < 40_000, "and was never all in memory", f"{usage.ru_maxrss} KB")
    script = directory / "script.wast"
    script.write_text('(module (func (export "f") (result i32) (i32.const 1)))\n'
                      '(assert_return (invoke "f") (i32.const 1))\n(assert_return (invoke "f") (i32.const 2))\n')
    result = run(["wast", script])
    check(result.status == 1 and result.out == f"{script}: 2 passed, 1 failed\n", "wast", result.out)
    check("line 3: assert_return \"f\": gave i32:0x1, expected i32:0x2" in result.err, "wast", result.err)


def test_scarcity(directory):
    """Small limits of the system: the command works, or says in one line what is missing."""
    path = directory / "numbers.wasm"
    path.write_bytes(NUMBERS)
    def limited(limits, *line):
        return subprocess.run(["sh", "-c", f'{limits} && exec "$0" "$@"', CLI, *map(str, line)],
                              capture_output=True, text=True, timeout=60)
    if os.environ.get("SLUICE_SANITIZE"):
        return  # sanitizers want terabytes
    for megabytes in (64, 80, 100, 128, 160, 200, 300, 500, 700, 1000, 1500, 3000, 10000, 90000):
        result = limited(f"ulimit -v {megabytes * 1024}", "--invoke", "add", path, 1, 2)
        check(result.stdout == "3\n", f"ulimit -v of {megabytes} MB", result.stderr)
    script = directory / "thread.wast"
    script.write_text("(thread $t (module)) (wait $t)\n")
    check(run(["wast", script]).out == f"{script}: 1 passed, 0 failed\n", "a script with a thread")
    refused = 0
    for megabytes in range(20, 60, 4):
        result = limited(f"ulimit -v {megabytes * 1024}", "wast", script)
        refused += "the system has no thread for it" in result.stderr
        check(result.returncode in (0, 1) or "out of memory" in result.stderr,
              f"wast in {megabytes} MB", f"{result.returncode} {result.stderr}")
    check(refused > 0, "a script is told that there is no thread for it")
    for kilobytes in (64, 100, 256, 1024, "unlimited"):
        result = limited(f"ulimit -s {kilobytes}", "--invoke", "add", path, 1, 2)
        check(result.stdout == "3\n", f"ulimit -s {kilobytes}", result.stderr)
    for count in range(4, 10):
        result = limited(f"ulimit -n {count}", "--invoke", "deep", path)
        known = result.returncode == 134 or "Too many open files" in result.stderr
        check(known and "out of memory\n" not in result.stderr, f"ulimit -n {count}", result.stderr)
    result = limited("ulimit -f 0", "--invoke", "add", path, 1, 2)
    check(result.returncode == 1 and "File too large" in result.stderr, "ulimit -f 0", result.stderr)


def main():
    with tempfile.TemporaryDirectory() as text:
        directory = pathlib.Path(text)
        for test in (test_invoke, test_traps, test_exit, test_surroundings, test_wasi_options, test_imports,
                     test_errors, test_features, test_streams, test_colours, test_words, test_inspect, test_machine_code, test_unknown_imports,
                     test_limits, test_forms, test_shells, test_bench, test_timeline, test_text, test_stops, test_hostile_lines, test_scarcity):
            test(directory)
    finish()


main()
