#!/usr/bin/env python3
"""Checks that each row of engine/base/errors.def is raised by some source and expected by some test.

A test expects an error by naming its kind (`ErrorKind::X`) or by quoting its text. Whether the test
is a good one is for its reader to say; what nobody raises or nobody expects is found here.
`--self-test` checks the search itself.
"""
import re
import sys
from pathlib import Path

ROW = re.compile(r'^SLUICE_ERROR\((\w+),\s*\w+,\s*"([^"]+)"\)', re.M)
SOURCES = ("engine", "jit", "runtime")
SUFFIXES = {".h", ".hpp", ".cpp", ".py", ".c"}


def complaints(table, sources, tests):
    """One line for each row that is not raised in `sources` or not expected in `tests`."""
    found = []
    for kind, text in ROW.findall(table):
        named = re.compile(rf"\bErrorKind::{kind}\b")
        if not named.search(sources):
            found.append(f"{kind}: no source raises it")
        if not named.search(tests) and text not in tests:
            found.append(f"{kind}: no test expects it")
    return found


def text_of(root, folders):
    files = (f for folder in folders for f in sorted((root / folder).rglob("*")))
    return "\n".join(f.read_text() for f in files if f.suffix in SUFFIXES and f.is_file())


def self_test():
    table = 'SLUICE_ERROR(One, Malformed, "first")\nSLUICE_ERROR(Two, Invalid, "second")\n'
    raised = "fail(ErrorKind::One); fail(ErrorKind::Two);"
    assert complaints(table, raised, 'ErrorKind::One "… second"') == []
    assert complaints(table, raised, "ErrorKind::OneMore") == [
        "One: no test expects it", "Two: no test expects it"]
    assert complaints(table, "ErrorKind::One", "first second") == ["Two: no source raises it"]
    print("check_errors: its own tests pass")


def main():
    root = Path(__file__).resolve().parent.parent
    table = (root / "engine/base/errors.def").read_text()
    found = complaints(table, text_of(root, SOURCES), text_of(root, ["tests"]))
    for line in found:
        print(f"engine/base/errors.def: {line}")
    if not found:
        print(f"check_errors: {len(ROW.findall(table))} rows, each raised and expected")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(self_test() if sys.argv[1:] == ["--self-test"] else main())
