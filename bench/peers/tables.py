"""Tables in Markdown and plots of what was measured."""

import svg
import targets
from statistic import geometric_mean, pairs

SLUICE = "Sluice"


def number(value):
    if value is None:
        return "–"
    digits = 0 if abs(value) >= 99.5 else 1 if abs(value) >= 9.95 else 2
    return f"{value:,.{digits}f}"


def markdown(head, rows):
    """Rows of cells; numbers are written with two or three digits."""
    lines = [head, ["---"] + ["--:"] * (len(head) - 1)]
    lines += [[cell if isinstance(cell, str) else number(cell) for cell in row] for row in rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def engines_of(table):
    """Sluice first, the others in the order of measuring."""
    names = dict.fromkeys(name for row in table.values() for name in row)
    return sorted(names, key=lambda name: name != SLUICE)


def against(table, engine, larger_is_better):
    """How many times better Sluice is, input by input, where both have a figure."""
    found = pairs(table, SLUICE, engine)
    return {k: (a / b if larger_is_better else b / a) for k, (a, b) in found.items()}


def plain(table, title, unit):
    """A table of figures as they are."""
    names = engines_of(table)
    rows = [[key, *(row.get(name) for name in names)] for key, row in table.items()]
    return f"\n## {title}, {unit}\n\n" + markdown(["", *names], rows)


def compared(table, title, unit, larger_is_better):
    """The same, and below how many times better Sluice is."""
    names = engines_of(table)
    rows = [[key, *(row.get(name) for name in names)] for key, row in table.items()]
    ratios = {name: list(against(table, name, larger_is_better).values()) for name in names}
    mean, least, count = ["**Sluice is better by**"], ["least"], ["inputs that both do"]
    for name in names:
        some = ratios[name] if name != SLUICE else []
        mean.append(f"**{geometric_mean(some):.2f} ×**" if some else "")
        least.append(f"{min(some):.2f} ×" if some else "")
        count.append(str(len(some)) if some else "")
    rows += [mean, least, count]
    return f"\n## {title}, {unit}\n\n" + markdown(["", *names], rows)


def calls(store):
    names = ["host_to_wasm", "loop_host", "loop_direct", "loop_indirect", "loop_empty"]
    titles = ["host → Wasm", "Wasm → host", "direct", "indirect", "loop alone"]
    columns = [store.part("calls", name).get("calls", {}) for name in names]
    starts = store.part("calls", "instantiate")
    columns += [starts.get("small", {}), starts.get("large_data", {})]
    titles += ["instance, small: µs", "100 pages, 1 MB data: µs"]
    engines = sorted(dict.fromkeys(e for c in columns for e in c), key=lambda e: e != SLUICE)
    rows = [[engine, *(column.get(engine) for column in columns)] for engine in engines]
    if not rows:
        return ""
    return ("\n## Calls, ns; the four in the middle with one turn of a loop; and instances\n\n"
            + markdown(["", *titles], rows))


def two_threads(store):
    one, two = store.part("compile", "time"), store.part("compile2", "time")
    table = {module: {engine: one[module][engine] / ms for engine, ms in row.items()
                      if engine in one.get(module, {})} for module, row in two.items()}
    return plain(table, "Two threads", "times the speed of one") if table else ""


def cold(store):
    table, _ = targets.cold_times(store)
    title = "Whole commands, cold; node's own start subtracted, where more is left than its noise"
    return compared(table, title, "ms", False) if table else ""


def stream(store):
    table = {}
    for figure in ("ready, 0 workers", "ready, 2 workers", "ready"):
        for subject, row in store.part("stream", figure).items():
            for engine, value in row.items():
                column = engine + figure.removeprefix("ready")
                table.setdefault(subject, {})[column] = value
    table = dict(sorted(table.items(), key=lambda item: item[0].split(" at ")[1]))
    title = "Streaming in pieces of 1,400 bytes: last byte due to module ready"
    return plain(table, title, "ms") if table else ""


def failures(store):
    lines = []
    for part in ("compile", "compile2", "validate", "memory", "size", "run", "calls", "cold", "stream"):
        for row in store.failures(part):
            lines.append(f"- {part}: {row.input}: {row.engine}: {row.unit}\n")
    return "\n## Left out\n\n" + "".join(lines) if lines else ""


def about(store):
    shown = {k: v for k, v in store.about.items() if not k.startswith("flags ")}
    text = "".join(f"- {key.removeprefix('engine ')}: {value}\n" for key, value in shown.items())
    flags = "".join(f"- {key.removeprefix('flags ')}: `{value}`\n"
                    for key, value in store.about.items() if key.startswith("flags "))
    return text, f"\n## Flags\n\n{flags}" if flags else ""


def plots(store, folder):
    speed = store.part("compile", "speed")
    if speed:
        svg.bars(folder / "compile.svg", "Compile throughput, one thread", "MB/s of code", speed,
                 engines_of(speed))
    time = store.part("run", "time")
    relative = {}
    for subject, row in time.items():
        base = targets.faster(row, "Liftoff")
        if base and SLUICE in row:
            relative[subject] = {"Sluice": row[SLUICE] / base}
    if relative:
        svg.bars(folder / "run.svg", "Run time relative to the faster V8 Liftoff",
                 "less is faster", relative, [SLUICE], mark=1.0)
    cold, _ = targets.cold_times(store)
    if cold:
        svg.bars(folder / "cold.svg", "Whole commands, cold (node's own start subtracted)", "ms",
                 cold, engines_of(cold))
    for rate in (100, 1000):
        at = {}
        for figure in ("ready, 2 workers", "ready"):
            for subject, row in store.part("stream", figure).items():
                name, _, speed_text = subject.partition(" at ")
                if speed_text == f"{rate} Mbit/s":
                    at.setdefault(name, {}).update(row)
        if at:
            svg.bars(folder / f"stream_{rate}.svg",
                     f"Last byte due to module ready at {rate} Mbit/s", "ms", at, engines_of(at))


def write(store, folder):
    """Writes results.md and the plots; returns the text."""
    machine, flags = about(store)
    sections = [
        "# Sluice beside other engines\n\n" + machine,
        targets.table(store, markdown),
        compared_or_nothing(store, "compile", "speed", "Compiling, one thread", "MB/s of code", True),
        two_threads(store),
        compared_or_nothing(store, "validate", "speed",
                            "Validating, to compile when called; one thread", "MB/s of code", True),
        plain_or_nothing(store, "memory", "peak", "Peak memory of a process that compiles", "MB"),
        compared_or_nothing(store, "size", "code", "Machine code", "MB", False),
        compared_or_nothing(store, "run", "time", "Running", "ms", False),
        calls(store),
        cold(store),
        plain_or_nothing(store, "cold", "wall", "Whole commands, nothing subtracted", "ms"),
        stream(store),
        failures(store),
        flags,
    ]
    text = "".join(sections)
    (folder / "results.md").write_text(text, encoding="utf-8")
    plots(store, folder)
    return text


def compared_or_nothing(store, part, figure, title, unit, larger_is_better):
    table = store.part(part, figure)
    return compared(table, title, unit, larger_is_better) if table else ""


def plain_or_nothing(store, part, figure, title, unit):
    table = store.part(part, figure)
    return plain(table, title, unit) if table else ""
