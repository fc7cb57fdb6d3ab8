#!/usr/bin/env python3
"""The guide's code is the examples' code: each fenced block of the guide that is C++, C, Wasm text or
output stands in a file of the examples, line for line but for its indentation.

usage: check_guide.py GUIDE EXAMPLES
"""

import pathlib
import re
import sys
import textwrap

# Languages of blocks, and the files they are from. Others (shell) are commands to type.
FILES = {"cpp": ["*.cpp", "*.hpp"], "c": ["*.c", "guests/*.c"], "wat": ["guests/*.wat"], "text": ["*.expected"],
         "cmake": ["CMakeLists.txt"]}


def normal(text):
    """Without the indentation that all lines share, and without spaces at their ends."""
    return "\n".join(line.rstrip() for line in textwrap.dedent(text).strip("\n").split("\n"))


def stands_in(block, text):
    """Is the block a run of whole lines of the text, indented by any one amount?"""
    wanted = normal(block).split("\n")
    lines = text.split("\n")
    return any(normal("\n".join(lines[at:at + len(wanted)])) == "\n".join(wanted)
               for at in range(len(lines) - len(wanted) + 1))


def blocks(guide):
    for match in re.finditer(r"^```(\w+)\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL):
        yield guide[:match.start()].count("\n") + 1, match[1], match[2]


def main(guide, examples):
    count = wrong = 0
    for line, language, block in blocks(pathlib.Path(guide).read_text(encoding="utf-8")):
        if language not in FILES:
            continue
        count += 1
        files = [file for pattern in FILES[language] for file in pathlib.Path(examples).glob(pattern)]
        if not any(stands_in(block, file.read_text(encoding="utf-8")) for file in files):
            print(f"{guide}:{line}: this block is in no file of {examples}")
            wrong += 1
    print(f"{count} blocks, {wrong} of them in no example")
    return 1 if wrong or not count else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
