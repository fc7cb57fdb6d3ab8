#!/usr/bin/env python3
"""Compiles mismatches.cpp once as it is and once for each of its cases, which must fail and say what
the case expects.

usage: check_messages.py COMPILER INCLUDE_FOLDER
"""
import re
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).with_name("mismatches.cpp")
CASE = re.compile(r"^#(?:el)?if CASE == (\d+)  // expect: (.+)$", re.M)


def compile_source(compiler, include, flags):
    command = [compiler, "-std=c++20", "-fsyntax-only", f"-I{include}", *flags, str(SOURCE)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def complaints(compiler, include):
    for flags in ([], ["-fno-exceptions", "-fno-rtti"]):
        plain = compile_source(compiler, include, ["-Wall", "-Wextra", "-Werror", *flags])
        if plain.returncode != 0:
            yield f"without a case, {flags}:\n{plain.stderr}"
    cases = CASE.findall(SOURCE.read_text())
    if not cases:
        yield "no cases"
    for number, words in cases:
        result = compile_source(compiler, include, [f"-DCASE={number}"])
        if result.returncode == 0:
            yield f"case {number} compiles"
        elif "sluice: " not in result.stderr or words not in result.stderr:
            yield f"case {number} does not say '{words}':\n{result.stderr}"


def main():
    found = list(complaints(*sys.argv[1:3]))
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
