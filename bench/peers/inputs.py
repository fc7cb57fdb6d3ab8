"""What the engines work on: real modules, kernels and programs compiled from sources of this tree,
and the fixtures. Compiled files go to the build folder."""

import os
import pathlib
import shutil
import subprocess
from typing import NamedTuple

import fixtures

TREE = pathlib.Path(__file__).resolve().parents[2]
C_PROGRAMS = TREE / "tests" / "programs" / "c"
GO_PROGRAM = TREE / "bench" / "peers" / "programs" / "go"

FIB = "function f(n){return n<2?n:f(n-1)+f(n-2)};print(f(%d))"
SORT = """
let seed = 1, words = [];
for (let i = 0; i < 200000; i++) {
  seed = (seed * 1103515245 + 12345) % 2147483648;
  words.push('w' + seed.toString(36));
}
words.sort();
const counts = new Map();
for (const w of words) counts.set(w[1], (counts.get(w[1]) || 0) + w.length);
print(words.join('').replace(/[aeiou]+/g, '-').length, [...counts].sort().join(' ').length);
"""


class Program(NamedTuple):
    name: str
    module: pathlib.Path
    arguments: list


def modules(folder):
    """Other people's modules, smallest first."""
    files = sorted(folder.glob("*.wasm"), key=lambda path: path.stat().st_size)
    return {path.stem: path for path in files}


def read_leb(file):
    value = shift = 0
    while True:
        byte = file.read(1)[0]
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value


def code_bytes(path):
    """Bytes of the code section's content; 0 if there is none. Reads no more than it must: this
    process's memory would count in what the engines are said to need."""
    with open(path, "rb") as file:
        file.seek(8)
        while number := file.read(1):
            size = read_leb(file)
            if number[0] == 10:
                return size
            file.seek(size, 1)
    return 0


def clang():
    return shutil.which("clang-19") or shutil.which("clang")


def build(compiler, source, target, flags, note):
    """False if it cannot be built; the reason is noted."""
    if target.exists() and target.stat().st_mtime > source.stat().st_mtime:
        return True
    target.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([compiler, "--target=wasm32-wasi", "-O2", *flags, "-o", target, source],
                          capture_output=True, text=True)
    if done.returncode != 0:
        note(f"left out: {source.name} ({(done.stderr.splitlines() or ['?'])[0]})")
    return done.returncode == 0


def kernels(folder, note):
    """{name: module} of bench/kernels; simd_*.c are built with vector instructions and without."""
    compiler = clang()
    if compiler is None:
        note("left out: kernels and C programs (clang for wasm32-wasi is not installed)")
        return {}
    found = {}
    for source in sorted((TREE / "bench" / "kernels").glob("*.c")):
        variants = {source.stem: []}
        if source.stem.startswith("simd_"):
            variants = {source.stem: ["-msimd128"], f"{source.stem}_scalar": []}
        for name, flags in variants.items():
            target = folder / "kernels" / f"{name}.wasm"
            if build(compiler, source, target, ["-nostartfiles", "-Wl,--no-entry", *flags], note):
                found[name] = target
    return found


def go_program(folder, note):
    go = shutil.which("go") or shutil.which("/usr/local/go/bin/go")
    if go is None:
        note("left out: the Go program (Go is not installed)")
        return None
    target = (folder / "programs" / "go.wasm").resolve()
    if not target.exists():
        environment = {**os.environ, "GOOS": "wasip1", "GOARCH": "wasm", "GOFLAGS": "-buildvcs=false"}
        done = subprocess.run([go, "build", "-o", target, "."], cwd=GO_PROGRAM,
                              env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            note("left out: the Go program (it does not compile)")
            return None
    return target


def c_programs(folder, note):
    compiler = clang()
    found = {}
    for name in ("compressor", "hash", "matrix", "parsers"):
        target = folder / "programs" / f"{name}.wasm"
        if compiler and build(compiler, C_PROGRAMS / f"{name}.c", target, [], note):
            found[name] = target
    return found


def programs(folder, real, note):
    """Programs long enough to measure how fast their code is."""
    found = [Program(f"C {name}", path, []) for name, path in c_programs(folder, note).items()]
    go = go_program(folder, note)
    if go:
        found.append(Program("Go program", go, []))
    quickjs = real.get("quickjs-wasi")
    if quickjs:
        found.append(Program("quickjs fib(30)", quickjs, ["-e", FIB % 30]))
        found.append(Program("quickjs strings, sort, maps", quickjs, ["-e", SORT]))
    return found


def commands(folder, fixture, real, note):
    """Short commands, where starting is most of the work."""
    found = [Program("hello, world", fixture["hello"], [])]
    quickjs, icepll = real.get("quickjs-wasi"), real.get("icepll")
    if icepll:
        found.append(Program("icepll -i 12 -o 48", icepll, ["-i", "12", "-o", "48"]))
    if quickjs:
        found.append(Program("quickjs 1+1", quickjs, ["-e", "print(1+1)"]))
        found.append(Program("quickjs fib(27)", quickjs, ["-e", FIB % 27]))
    go = go_program(folder, note)
    if go:
        found.append(Program("Go program", go, []))
    found += [Program(f"C {name}", path, []) for name, path in c_programs(folder, note).items()
              if name == "parsers"]
    return found


def all_fixtures(folder):
    return fixtures.write(folder / "fixtures")
