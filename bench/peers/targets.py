"""What Sluice is meant to reach, and whether it did in this run: misses are shown like the rest."""

from statistic import geometric_mean

SLUICE = "Sluice"
ADAPTIVE = "Sluice adaptive"


def faster(row, word, least=True):
    """The best figure of the engines with that word in their name; None if there is none."""
    values = [value for engine, value in row.items() if word in engine]
    return (min(values) if least else max(values)) if values else None


def liftoff_ratios(table, larger_is_better, engine=SLUICE):
    """Sluice's figure through that of the faster V8 Liftoff, input by input."""
    found = {}
    for subject, row in table.items():
        base = faster(row, "Liftoff", not larger_is_better)
        if base and engine in row:
            found[subject] = row[engine] / base
    return found


def compiling(store):
    ratios = liftoff_ratios(store.part("compile", "speed"), True)
    if ratios:
        worst = min(ratios, key=ratios.get)
        yield "compiling, × V8 Liftoff, geometric mean", ">=", 4, geometric_mean(ratios.values())
        yield f"compiling, × V8 Liftoff, least ({worst})", ">=", 3, ratios[worst]
    checked = [row[SLUICE] for row in store.part("validate", "speed").values() if SLUICE in row]
    if checked:
        mean = geometric_mean(checked)
        yield "validating, MB/s of code, geometric mean", ">=", 400, mean
    one, two = store.part("compile", "time"), store.part("compile2", "time")
    gains = [one[m][SLUICE] / two[m][SLUICE] for m in two
             if SLUICE in two[m] and SLUICE in one.get(m, {})]
    if gains:
        yield "two workers, × one thread, geometric mean", ">=", 1.8, geometric_mean(gains)


def footprint(store):
    """Memory of a whole process, small modules left out: there the process itself is what counts."""
    ratios = {module: row[SLUICE] for module, row in store.part("memory", "times module").items()
              if SLUICE in row and store.part("memory", "peak")[module][SLUICE] > 30}
    if ratios:
        worst = max(ratios, key=ratios.get)
        yield f"peak memory, × the module, worst ({worst})", "<", 6, ratios[worst]
    ratios = liftoff_ratios(store.part("size", "code"), False)
    if ratios:
        worst = max(ratios, key=ratios.get)
        yield "size of code, × V8 Liftoff, geometric mean", "<=", 1, geometric_mean(ratios.values())
        yield f"size of code, × V8 Liftoff, worst ({worst})", "<=", 1, ratios[worst]


def running(store):
    for engine in (SLUICE, ADAPTIVE):
        ratios = liftoff_ratios(store.part("run", "time"), False, engine)
        if ratios:
            worst = max(ratios, key=ratios.get)
            mean = geometric_mean(ratios.values())
            what = f"run time, {engine}, × V8 Liftoff"
            yield f"{what}, geometric mean of {len(ratios)}", "<=", 0.9, mean
            yield f"{what}, worst ({worst})", "<=", 1.2, ratios[worst]


def starting(store):
    figures = {name: store.part("calls", name).get("calls", {}).get(SLUICE) for name in
               ("host_to_wasm", "loop_host", "loop_direct", "loop_indirect", "loop_empty")}
    if None not in figures.values():
        yield "a call host → Wasm, ns", "<", 3, figures["host_to_wasm"]
        over = figures["loop_host"] - figures["loop_empty"]
        yield "a call Wasm → host beyond an empty loop, ns", "<", 2, over
        over = figures["loop_indirect"] - figures["loop_direct"]
        yield "call_indirect beyond a direct call, ns", "<", 1, over
    starts = store.part("calls", "instantiate")
    for name, limit in (("small", 2), ("large_data", 5)):
        if SLUICE in starts.get(name, {}):
            yield f"an instance ({name.replace('_', ' ')}), µs", "<", limit, starts[name][SLUICE]
    hello = store.part("cold", "wall").get("hello, world", {})
    if SLUICE in hello:
        yield "hello, world as a process, ms", "<", 2, hello[SLUICE]


def cold_times(store):
    """Commands less node's own start, {command: {engine: ms}}; and those of which no more is left than
    the noise of the subtraction, with the most that it may be."""
    noise = store.part("cold", "noise")
    clear, unclear = {}, {}
    for subject, row in store.part("cold", "own").items():
        for engine, ms in row.items():
            off = noise.get(subject, {}).get(engine, 0)
            if ms > off:
                clear.setdefault(subject, {})[engine] = ms
            else:
                unclear.setdefault(subject, {})[engine] = abs(ms) + off
    return clear, unclear


def cold(store):
    """A peer whose time is not clear is lost to only by whoever takes more than the most that it may
    be; and nobody has won while there is one."""
    clear, unclear = cold_times(store)
    wall = store.part("cold", "wall")
    for subject, row in clear.items():
        unknown = unclear.get(subject, {})
        peers = {engine: ms for engine, ms in (row | unknown).items() if SLUICE not in engine}
        if ADAPTIVE not in row or not peers:
            continue
        best = min(peers, key=peers.get)
        ratio = row[ADAPTIVE] / peers[best]
        if unknown and ratio < 1:
            best = min(unknown, key=unknown.get)
            whole = wall[subject]
            what = (f"{best} less its runtime's start is below the noise; as whole processes "
                    f"{whole[ADAPTIVE]:.3g} and {whole[best]:.3g} ms")
            yield f"{subject}, cold, × the fastest peer: {what}", "<", 1, None
        else:
            yield f"{subject}, cold, × the fastest peer ({best})", "<", 1, ratio


def streaming(store):
    for rate, limit in ((100, 1), (1000, 5)):
        for engine in (SLUICE, ADAPTIVE):
            late = {subject: row[engine]
                    for subject, row in store.part("stream", "ready, 2 workers").items()
                    if subject.endswith(f" {rate} Mbit/s") and engine in row}
            if late:
                worst = max(late, key=late.get)
                what = f"last byte to module, two workers, {engine}, worst: {worst}, ms"
                yield what, "<", limit, late[worst]


def verdict(relation, limit, value):
    if value is None:
        return "–"
    met = {">=": value >= limit, "<=": value <= limit, "<": value < limit}[relation]
    return "yes" if met else "**no**"


def table(store, markdown):
    rows = []
    for part in (compiling, footprint, running, starting, cold, streaming):
        for what, relation, limit, value in part(store):
            sign = relation.replace(">=", "≥").replace("<=", "≤")
            rows.append([what, f"{sign} {limit:g}", value, verdict(relation, limit, value)])
    if not rows:
        return ""
    return "\n## Targets\n\n" + markdown(["", "target", "measured", "met"], rows)
