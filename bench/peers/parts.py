"""The parts of the comparison. Each takes the engines and the inputs and gives rows."""

import json
import os
import statistics
import subprocess

import inputs
import measure
from measure import Best, Failed, Row
from statistic import lower_spread

# Engines take turns, `rounds` times. Slow ones have one turn, with one repetition.


def turns(engines, rounds, work):
    """(engine, is it slow) in the order of measuring."""
    able = [engine for engine in engines if engine.command(work)]
    for turn in range(rounds):
        for engine in able:
            if turn == 0 or not engine.slow:
                yield engine


def compile_part(engines, modules, rounds, work="compile"):
    """Bytes in memory to machine code of every function. `compile2`: on two threads. `validate`: to
    a module that compiles functions when they are called."""
    best = Best(work)
    for name, path in modules.items():
        size = inputs.code_bytes(path)
        repeat = max(2, min(10, 20_000_000 // max(size, 1)))

        def one(engine):
            ms = min(engine.times_ms(work, path, 1 if engine.slow else repeat))
            return {"time": ("ms", ms), "speed": ("-MB/s", -size / 1e3 / ms)}

        for engine in turns(engines, rounds, work):
            best.measure(name, engine, lambda: one(engine))
    return [row._replace(unit="MB/s", value=-row.value) if row.unit == "-MB/s" else row
            for row in best.all_rows()]


def memory_part(engines, modules):
    """Peak memory of a process that compiles one module once, the file read into memory included."""
    best = Best("memory")
    for name, path in modules.items():
        for engine in engines:
            if engine.slow or not engine.command("compile"):
                continue
            command = engine.command("compile", path, 1)
            if hasattr(engine, "bench"):
                command = engine.bench("compile", path, 1)

            def one():
                _, peak = measure.wall_ms(command)
                if not peak:
                    return {}
                times = peak / os.path.getsize(path)
                return {"peak": ("MB", peak / 1e6), "times module": ("bytes a byte", times)}

            best.measure(name, engine, one)
    return best.all_rows()


def size_part(engines, modules):
    """Bytes of machine code of every function, where an engine says them."""
    best = Best("size")
    for name, path in modules.items():
        for engine in engines:
            if engine.command("size"):
                best.measure(name, engine,
                             lambda: {"code": ("MB", engine.machine_code_bytes(path) / 1e6)})
    return best.all_rows()


def wrong_results(engines, path):
    """{engine: why}: whose `run` fails, or returns something else than most others'."""
    results, wrong = {}, {}
    for engine in engines:
        try:
            results[engine.name] = measure.run(engine.command("result", path)).strip()
        except Failed as failure:
            wrong[engine.name] = str(failure)
    expected = statistics.mode(results.values()) if results else None
    wrong |= {name: f"returns {value}, not {expected}" for name, value in results.items()
              if value != expected}
    return wrong


def run_part(engines, kernels, programs, rounds):
    """Kernels, each checked to do the same work in every engine, and programs."""
    best = Best("run")
    able = [engine for engine in engines if engine.command("result")]
    for name, path in kernels.items():
        best.failed |= {(name, who): why for who, why in wrong_results(able, path).items()}
    work = [(name, "run_kernel", path, []) for name, path in kernels.items()]
    work += [(program.name, "run", program.module, program.arguments) for program in programs]
    for name, kind, path, arguments in work:
        for engine in turns(engines, rounds, kind):

            def one():
                repeat = 3 if kind == "run_kernel" else 2
                return {"time": ("ms", min(engine.times_ms(kind, path, repeat, arguments)))}

            best.measure(name, engine, one)
    return best.all_rows()


def calls_part(engines, fixture, rounds):
    best = Best("calls")
    for engine in turns(engines, rounds, "calls"):

        def calls():
            ns = measure.named_numbers(engine.command("calls", fixture["calls"]))
            return {name: ("ns", value) for name, value in ns.items()}

        best.measure("calls", engine, calls)
    for engine in turns(engines, rounds, "instantiate"):
        for name in ("small", "large_data"):

            def instantiate():
                us = measure.numbers(engine.command("instantiate", fixture[name]))
                return {"instantiate": ("us", us[0])}

            best.measure(name, engine, instantiate)
    return best.all_rows()


def cold_part(engines, commands, rounds):
    """Whole processes, from spawn to exit. `own`: less what starting the runtime around the engine
    (node) costs without any module, measured in the same turns. `noise`: how far off that may be."""
    best = Best("cold")
    able = [engine for engine in engines if engine.command("wasi")]
    runtimes = dict.fromkeys(engine.runtime for engine in able if engine.runtime)
    differences = []
    for program in commands:
        times = {None: [0]}
        for _ in range(rounds):
            for binary in runtimes:
                times.setdefault(binary, []).append(measure.wall_ms([str(binary), "-e", "0"])[0])
            for engine in able:

                def one():
                    command = engine.command("wasi", program.module, *program.arguments)
                    ms, _ = measure.wall_ms(command)
                    times.setdefault(engine.name, []).append(ms)
                    return {"wall": ("ms", ms)}

                best.measure(program.name, engine, one)
        for engine in able:
            if (program.name, engine.name) not in best.failed:
                wall, start = times[engine.name], times[engine.runtime]
                for figure, ms in (("own", min(wall) - min(start)),
                                   ("noise", lower_spread(wall) + lower_spread(start))):
                    differences.append(Row("cold", program.name, engine.name, figure, "ms", ms))
    return best.all_rows() + differences


RATES_MBIT = (100, 1000)
CHUNK_BYTES = 1400


def sluice_stream(engine, best, modules):
    """The benchmark finds its modules in a folder, so that is where it is pointed."""
    folder = next(iter(modules.values())).parent
    names = "|".join(modules)
    pattern = f"^stream/({names})/workers:[0-9]+/Mbit:({'|'.join(map(str, RATES_MBIT))})/chunk:{CHUNK_BYTES}/adaptive:{int(engine.adaptive)}/"
    command = engine.command("stream", f"--benchmark_filter={pattern}", "--benchmark_format=json")
    environment = {**os.environ, "SLUICE_MODULES_DIR": str(folder)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    for row in json.loads(done.stdout)["benchmarks"]:
        _, module, workers, mbit = row["name"].split("/")[:4]
        label = f"{module} at {mbit.split(':')[1]} Mbit/s"
        figure = f"ready, {workers.split(':')[1]} workers"

        def one():
            if row.get("error_occurred"):
                raise Failed(row["error_message"])
            return {figure: ("ms", row["ready_us"] / 1e3)}

        best.measure(label, engine, one)


def stream_part(engines, modules, repeat):
    """From when the last byte was due to the module."""
    best = Best("stream")
    for engine in engines:
        if not engine.command("stream"):
            continue
        if hasattr(engine, "bench"):
            sluice_stream(engine, best, modules)
            continue
        for name, path in modules.items():
            for mbit in RATES_MBIT:

                def one():
                    ms = measure.numbers(engine.command("stream", path, mbit, CHUNK_BYTES, repeat))
                    return {"ready": ("ms", min(ms))}

                best.measure(f"{name} at {mbit} Mbit/s", engine, one)
    return best.all_rows()
