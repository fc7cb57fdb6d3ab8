#!/usr/bin/env python3
"""Checks that files and functions stay readable: 1,200 lines a file, 120 lines a function.

.def tables are exempt, and so is a function that is one switch whose cases are one line each. A
function that is longer for a reason says so in the line above its first: `// size: why`. The scan
counts braces outside comments and literals; it knows no C++ beyond that, and need not: what opens at
namespace or class depth and is no type, namespace or initialiser is a function.
`--self-test` checks the scan itself.
"""
import re
import sys
from pathlib import Path

MAX_FILE_LINES = 1200
MAX_FUNCTION_LINES = 120
FOLDERS = ("engine", "jit", "runtime", "tests", "bench")
NOISE = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<tag>[^(\s]*)\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Fa-f])\'(?:\\.|[^\'\\\n])+\'',
    re.S)
SCOPE = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b[^;()=]*(\([^)]*\))?[^;()=]*$")


def blank_noise(text):
    """Comments and literals become spaces; line breaks stay."""
    return NOISE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def functions(text):
    """Yields (first line, last line, body) of each function, lines counted from 1."""
    stack = []  # what each open brace is: "scope", "function" or "inner"
    start = 0   # where the text since the last ; { } begins
    depth_in_function = 0
    line = 1
    head_line = 1
    body_start = 0
    for i, c in enumerate(text):
        if c == "\n":
            line += 1
        elif c == ";" and depth_in_function == 0:
            start = i + 1
        elif c == "{":
            head = text[start:i]
            if depth_in_function:
                depth_in_function += 1
                stack.append("inner")
            elif SCOPE.search(head) and not re.search(r"\)\s*(const|noexcept|override|->|:|$)", head.strip()[-40:]):
                stack.append("scope")
                start = i + 1
            elif "(" in head:
                stack.append("function")
                depth_in_function = 1
                lead = len(head) - len(head.lstrip())
                head_line = text.count("\n", 0, start + lead) + 1
                body_start = i + 1
            else:
                stack.append("inner-data")
        elif c == "}" and stack:
            kind = stack.pop()
            if kind in ("function", "inner"):
                depth_in_function -= 1
                if depth_in_function == 0:
                    yield head_line, line, text[body_start:i]
            if depth_in_function == 0:
                start = i + 1


def is_flat_switch(body):
    """True if the body is a switch (and at most five lines around it) of one-line cases."""
    match = re.search(r"\bswitch\s*\(.*?\)\s*\{", body, re.S)
    if not match:
        return False
    depth, end = 1, match.end()
    while end < len(body) and depth:
        depth += {"{": 1, "}": -1}.get(body[end], 0)
        end += 1
    around = (body[: match.start()] + body[end:]).strip()
    lines = [l for l in body[match.end():end - 1].splitlines() if l.strip()]
    cases = sum(1 for l in lines if re.match(r"\s*(case\b|default:|#|[A-Z_]+\()", l))
    return around.count("\n") <= 5 and cases * 10 >= len(lines) * 9


def check_text(path, text):
    lines = text.splitlines()
    if len(lines) > MAX_FILE_LINES:
        yield f"{path}: {len(lines)} lines, {MAX_FILE_LINES} allowed"
    for first, last, body in functions(blank_noise(text)):
        length = last - first + 1
        if length <= MAX_FUNCTION_LINES or is_flat_switch(body):
            continue
        if first >= 2 and lines[first - 2].strip().startswith("// size: "):
            continue
        yield f"{path}:{first}: a function of {length} lines, {MAX_FUNCTION_LINES} allowed"


def self_test():
    pad = "  f();\n"
    long_body = "int g(int a) {\n" + pad * 130 + "}\n"
    flat = "int g(int a) {\n  switch (a) {\n" + "    case 1: return 2;\n" * 130 + "  }\n}\n"
    expectations = [
        (1, long_body),
        (1, "namespace x {\nclass C : public D {\n" + long_body + "};\n}\n"),
        (0, flat),
        (0, "namespace x {\n" + "int f() { return 1; }\n" * 200 + "}\n"),
        (0, "// size: a table of cases\n" + long_body),
        (1, "int g() {\n  switch (a) {\n" + "    case 1: {\n      f();\n    }\n" * 60 + "  }\n}\n"),
        (0, "const int kTable[] = {\n" + "  1,\n" * 200 + "};\n"),
        (1, "struct S {\n  auto f() const -> int {\n" + '  g("}}");\n' * 130 + "  }\n};\n"),
        (1, "\n" * 1300),
    ]
    for index, (want, text) in enumerate(expectations):
        got = list(check_text("t.cpp", text))
        assert len(got) == want, f"self-test {index}: {got}"


def main():
    if "--self-test" in sys.argv:
        self_test()
        return 0
    root = Path(__file__).resolve().parent.parent
    count = 0
    for folder in FOLDERS:
        for file in sorted((root / folder).rglob("*")):
            if file.suffix in (".h", ".hpp", ".cpp", ".c"):
                for breach in check_text(file.relative_to(root).as_posix(), file.read_text()):
                    print(breach)
                    count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
