#!/usr/bin/env python3
"""Checks the layering: every #include of engine, jit and runtime against layers.txt.

Prints one line per breach, `file:line: what`, and exits with 1 if there is any. `--self-test`
checks the checker on made-up sources, so that a rule that never fires is noticed.
"""
import re
import sys
from pathlib import Path

# Headers that only the folders naming them in layers.txt may include, by every spelling.
BANNED = {
    "<asmjit>": re.compile(r"^asmjit/"),
    "<sys/mman.h>": re.compile(r"^(sys|linux)/mman\.h$"),
    "<signal.h>": re.compile(r"^(signal\.h|csignal|ucontext\.h|sys/ucontext\.h|setjmp\.h|csetjmp)$"),
    "<mimalloc.h>": re.compile(r"^mimalloc"),
    "<nlohmann>": re.compile(r"^nlohmann/"),
    "<exceptions>": re.compile(r"^(stdexcept|exception)$"),
    "<iostream>": re.compile(r"^iostream$"),
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
LAYERS = ("engine", "jit", "runtime")


def read_rules(text):
    """Returns {folder: (set of allowed folders and banned-header names, {name: file prefix})}."""
    rules = {}
    for line in text.splitlines():
        line = line.split("#", 1)[0].strip()
        if not line:
            continue
        folder, _, allowed = line.partition(":")
        names, homes = set(), {}
        for word in allowed.split():
            name, _, home = word.partition("@")
            names.add(name)
            if home:
                homes[name] = home
        rules[folder.strip()] = (names, homes)
    return rules


def folder_of(path, rules):
    """The longest folder of layers.txt that `path` (as posix text) lies in, or None."""
    parts = path.split("/")[:-1]
    for end in range(len(parts), 0, -1):
        folder = "/".join(parts[:end])
        if folder in rules:
            return folder
    return None


def check_file(path, text, rules, exists):
    """Yields (line number, breach) for one source file; `exists` says if a repository path is there."""
    folder = folder_of(path, rules)
    if folder is None:
        yield 1, "is in no folder of .ci/layers.txt"
        return
    allowed, homes = rules[folder]
    if path.endswith((".h", ".hpp")) and "#pragma once" not in text:
        yield 1, "a header without #pragma once"
    own = path[: -len(".cpp")] + ".h" if path.endswith(".cpp") else None
    first = True
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quote, target = match.groups()
        for name, pattern in BANNED.items():
            if pattern.match(target):
                home = homes.get(name)
                if name not in allowed or (home and not path.startswith(home)):
                    yield number, f"<{target}> is not for {home or folder}'s neighbours: {name}"
        if quote == '"':
            if first and own and exists(own) and target != own:
                yield number, f'its own header "{own}" comes first'
            if target.startswith("sluice/"):
                target = "runtime/include/" + target
            if target.startswith(".") or not exists(target):
                yield number, f'"{target}" is no path from the repository root'
            else:
                other = folder_of(target, rules)
                reach = {folder, "engine/base"} | allowed
                if other is None:
                    yield number, f'{folder} must not include "{target}"'
                elif other not in reach and other.split("/")[0] + "/*" not in reach:
                    yield number, f"{folder} must not include {other} (layers.txt)"
        first = False


def check_tree(root):
    rules = read_rules((root / ".ci/layers.txt").read_text())
    count = 0
    for layer in LAYERS:
        for file in sorted((root / layer).rglob("*")):
            if file.suffix not in (".h", ".hpp", ".cpp", ".def"):
                continue
            path = file.relative_to(root).as_posix()
            text = file.read_text()
            if file.suffix == ".def":
                text = "#pragma once\n" + text
            if file.name == "sluice.h" and "/include/" in path:
                text = text + "\n// #pragma once"  # C headers have include guards
            for number, breach in check_file(path, text, rules, lambda p: (root / p).is_file()):
                print(f"{path}:{number}: {breach}")
                count += 1
    return count


def self_test():
    rules = read_rules("a/base :\na/x : <asmjit>\na/y : a/x\nb/z : a/*\na/v: <sys/mman.h>@a/v/vm\n")
    rules["engine/base"] = (set(), {})
    files = {"a/x/f.h", "a/y/f.h", "b/z/f.h", "a/y/g.h", "a/v/vm.cpp"}

    def breaches(path, *lines):
        text = "\n".join(lines) + "\n#pragma once\n"
        return [b for _, b in check_file(path, text, rules, files.__contains__)]

    cases = [
        (0, breaches("a/y/f.h", '#include "a/x/f.h"')),
        (1, breaches("a/x/f.h", '#include "a/y/f.h"')),
        (0, breaches("b/z/f.h", '#include "a/y/f.h"')),
        (1, breaches("a/y/f.h", "#include <asmjit/x86.h>")),
        (0, breaches("a/x/f.h", "#include <asmjit/x86.h>")),
        (1, breaches("a/x/f.h", "#include <csignal>")),
        (0, breaches("a/v/vm.cpp", "#include <sys/mman.h>")),
        (1, breaches("a/v/other.cpp", "#include <sys/mman.h>")),
        (1, breaches("a/y/f.h", '#include "../x/f.h"')),
        (1, breaches("a/y/f.h", '#include "a/x/missing.h"')),
        (1, breaches("a/y/g.cpp", "#include <vector>", '#include "a/y/g.h"')[:1] or
            breaches("a/y/g.cpp", '#include "a/x/f.h"', '#include "a/y/g.h"')),
        (1, breaches("c/f.h", "")),
    ]
    for index, (want, got) in enumerate(cases):
        assert len(got) == want, f"self-test {index}: {got}"


def main():
    if "--self-test" in sys.argv:
        self_test()
        return 0
    root = Path(__file__).resolve().parent.parent
    count = check_tree(root)
    if count:
        print(f"check_layers: {count} breaches", file=sys.stderr)
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
