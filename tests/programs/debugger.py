"""Debuggers and profilers: what they are told about code is right.

usage: debugger.py lines | gdb | jitdump
"""

import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

from support import CLI, HERE, SANITIZE, check, finish, run, skip

HEADER = """static inline int quarter(int x) {
  return x / (x >> 8);
}
"""
GUEST = """#include "quarter.h"
__attribute__((noinline)) int middle(int a) {
  int sum = 0;
  for (int i = a; i >= 0; i--)
    sum += 100 / i;
  return sum;
}
__attribute__((export_name("divide"))) int divide(int a) {
  return middle(a) + 1;
}
__attribute__((export_name("header"))) int header(int a) {
  return quarter(a);
}
"""

# Every kind of frame: stack arguments, a large frame, tail calls with and without them, the host, the
# runtime, an indirect call; and an _initialize of the same type, hence with the same entry stub.
FRAMES = """(module
  (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
  (memory (export "memory") 1 2)
  (table funcref (elem $leaf))
  (type $eight (func (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (func $leaf (type $eight) local.get 7)
  (func $eights (type $eight)
    (i32.add (local.get 7) (call $leaf (local.get 7) (local.get 6) (local.get 5) (local.get 4)
      (local.get 3) (local.get 2) (local.get 1) (local.get 0))))
  (func $plain_tail (param i32) (result i32) (return_call $host (local.get 0)))
  (func $wide_tail (param i32) (result i32) (return_call $eights (local.get 0) (local.get 0)
      (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0)))
  (func $narrow_tail (type $eight) (return_call $large (local.get 7)))
  (func $large (param i32) (result i32) (local i64 i64 i64 i64)
    (local.set 1 (i64.const 1)) (i32.wrap_i64 (local.get 1)))
  (func $host (param i32) (result i32) (i32.add (call $yield) (local.get 0)))
  (func $runtime (result i32) (memory.grow (i32.const 1)))
  (func (export "_initialize") (drop (call $host (i32.const 0))))
  (func $go (export "go")
    (drop (call $plain_tail (i32.const 1)))
    (drop (call $wide_tail (i32.const 2)))
    (drop (call $narrow_tail (i32.const 1) (i32.const 1) (i32.const 1) (i32.const 1)
      (i32.const 1) (i32.const 1) (i32.const 1) (i32.const 1)))
    (drop (call $runtime))
    (drop (call_indirect (type $eight) (i32.const 1) (i32.const 1) (i32.const 1) (i32.const 1)
      (i32.const 1) (i32.const 1) (i32.const 1) (i32.const 1) (i32.const 0)))))
"""


def build_guest(directory, *options, link=()):
    """By two commands: clang has Binaryen's wasm-opt, where that is installed, take names and lines
    off what it links, if the command that links says -O. (--no-wasm-opt: clang 19 links nothing.)"""
    compiler = shutil.which("clang-19") or shutil.which("clang")
    if compiler is None:
        skip("clang is missing, so C programs cannot be compiled for WebAssembly")
    (directory / "quarter.h").write_text(HEADER)
    (directory / "guest.c").write_text(GUEST)
    for command in (["-g", *options, "-c", "guest.c"],
                    ["-nostdlib", "-Wl,--no-entry", *link, "-o", "guest.wasm", "guest.o"]):
        built = subprocess.run([compiler, "--target=wasm32", *command], cwd=directory,
                               capture_output=True, text=True)
        if built.returncode != 0:
            skip(f"{compiler} cannot make WebAssembly here: {built.stderr[:200]}")
    return directory / "guest.wasm"


def lines(directory):
    for version in (2, 3, 4, 5):
        for level in ("-O0", "-O1"):
            what = f"DWARF {version} at {level}"
            guest = build_guest(directory, f"-gdwarf-{version}", level)
            said = run(["run", "--invoke", "divide", guest, "3"]).err
            check("guest.c:5:16" in said and "guest.c:9:10" in said, what, said)
            said = run(["run", "--invoke", "header", guest, "3"]).err
            check("quarter.h:2:12" in said, f"{what}: a header", said)
    trap = json.loads(run(["run", "--backtrace=json", "--invoke", "divide", guest, "3"]).err)
    inner, outer = trap["frames"]
    check(inner["file"].endswith("guest.c") and inner["line"] == 5 and inner["column"] == 16 and
          outer["line"] == 9, "--backtrace=json", trap)
    stripped = build_guest(directory, link=["-Wl,--strip-debug"])
    said = run(["run", "--invoke", "divide", stripped, "3"]).err
    check("guest.c" not in said and "middle @ 0x" in said, "without debug information", said)


def gdb(directory):
    if shutil.which("gdb") is None:
        skip("gdb is missing")
    if SANITIZE:
        skip("gdb sees the sanitizer's frames as well")
    module = directory / "frames.wat"
    module.write_text(FRAMES)
    report = directory / "report.json"

    def session(script, *arguments):
        report.unlink(missing_ok=True)
        result = subprocess.run(
            ["gdb", "-batch", "-nx", "-x", HERE / "gdb" / script, "--args", CLI, "run", "--debug",
             "--workers=0", *arguments], capture_output=True, text=True, timeout=250, cwd=directory,
            env={**os.environ, "REPORT": str(report), "DEBUGINFOD_URLS": ""})
        if "ptrace: Operation not permitted" in result.stderr:
            skip("gdb may not trace processes here")
        if not check(report.exists(), f"{script} {' '.join(map(str, arguments))}",
                     result.stdout[-3000:] + result.stderr[-3000:]):
            return {"bad": [], "seen": [], "stubs": [], "stacks": []}
        return json.loads(report.read_text())

    # Instruction by instruction: at each of them the way to main is the same, and so are the
    # registers that the host finds again.
    for policy in ("eager", "lazy"):
        told = session("every_instruction.py", f"--compile={policy}", "--invoke", "go", module)
        check(told["bad"] == [], f"{policy}: wrong stacks", "\n".join(map(str, told["bad"][:5])))
        for stack in (["go"], ["host", "go"], ["leaf", "eights", "go"], ["large", "go"],
                      ["runtime", "go"], ["leaf", "go"], ["wide_tail", "go"]):
            check(stack in told["seen"], f"{policy}: never saw {stack}", told["seen"])
        stubs = {"[sluice: enter Wasm]", "[sluice: call host]", "[sluice: call runtime]",
                 "[sluice: jump table]"}
        if policy == "lazy":
            stubs.add("[sluice: compile]")
        check(stubs <= set(told["stubs"]), f"{policy}: never saw all stubs", told["stubs"])
    # In source lines. When functions are compiled one by one, the second comes into a page that has
    # a breakpoint.
    guest = build_guest(directory, "-O1")
    outer, inner = ["divide", "guest.c", 9], ["middle", "guest.c", 5]
    for policy in ("eager", "lazy"):
        stacks = session("source_lines.py", f"--compile={policy}", "--invoke", "divide", guest,
                         "3")["stacks"]
        check([stack[:2] for stack in stacks[1:2]] == [[inner, outer]] and
              [stack[0] for stack in stacks[:1]] == [outer], f"{policy}: breakpoints", stacks)
        check(len(stacks) == 3 and inner in stacks[2] and outer in stacks[2],
              f"{policy}: a trap", stacks)
        check({stack[-1][0] for stack in stacks} == {"main"}, f"{policy}: whole stacks", stacks)


def jitdump(directory):
    guest = build_guest(directory, "-O1")
    process = subprocess.Popen([CLI, "run", "--profile=jitdump", "--invoke", "divide", guest, "3"],
                               cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.communicate(timeout=60)
    data = (directory / f"jit-{process.pid}.dump").read_bytes()
    magic, version, size, machine, _, pid, started, flags = struct.unpack_from("<IIIIIIQQ", data)
    check((magic, version, size, machine, pid, flags) ==
          (0x4A695444, 1, 40, 62, process.pid, 0), "the header")
    functions, line_records, at, last, index = {}, {}, size, started, 0
    while at < len(data):
        kind, size, when = struct.unpack_from("<IIQ", data, at)
        check(last <= when and size >= 16, "a record's prefix")
        record, last, at = data[at + 16:at + size], when, at + size
        if kind == 0:
            pid, _, vma, address, code_size, number = struct.unpack_from("<IIQQQQ", record)
            name, code = record[40:].split(b"\0", 1)
            check(pid == process.pid and vma == address and len(code) == code_size and
                  number == index, f"code of {name}")
            functions[name.decode()] = (address, code_size)
            index += 1
        elif kind == 2:
            address, count = struct.unpack_from("<QQ", record)
            rest, entries = record[16:], []
            for _ in range(count):
                where, line, _ = struct.unpack_from("<QII", rest)
                file, rest = rest[16:].split(b"\0", 1)
                entries.append((where, file.decode(), line))
            check(rest == b"", "lines end where their record does")
            line_records[address] = entries
        else:
            check(kind == 3 and at == len(data), f"record {kind}")
    check(kind == 3, "the last record")
    if check({"middle", "divide", "[sluice: enter Wasm]"} <= functions.keys(), "functions",
             functions):
        begin, size = functions["middle"]
        entries = line_records.get(begin, [])
        check({line for _, _, line in entries} >= {4, 5, 6} and
              all(begin <= where < begin + size and file.endswith("guest.c")
                  for where, file, _ in entries), "lines", entries)
    # A link that is there already is nobody's to follow.
    script = 'ln -s /dev/null jit-$$.dump && exec "$0" "$@"'
    result = subprocess.run(["sh", "-c", script, CLI, "run", "--profile=jitdump", "--invoke",
                             "divide", guest, "3"], cwd=directory, capture_output=True, text=True)
    check(result.returncode == 1 and "something of that name is there already" in result.stderr,
          "a file in the way", result.stderr)


def main():
    tests = {"lines": lines, "gdb": gdb, "jitdump": jitdump}
    with tempfile.TemporaryDirectory() as directory:
        tests[sys.argv[1]](pathlib.Path(directory))
    finish()


main()
