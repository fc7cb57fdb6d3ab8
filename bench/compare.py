#!/usr/bin/env python3
"""Compares two versions of a benchmark: a table of medians before and after, with the spread of each.

usage: compare.py BEFORE.json AFTER.json
       compare.py [--rounds N] BEFORE_bench AFTER_bench [benchmark options...]

Files come from `NAME_bench --benchmark_repetitions=9 --benchmark_out=FILE
--benchmark_out_format=json`. Programs are run in turn, N times each (default 7), so that a slow
minute of the machine hits both; options are, for example, --benchmark_filter=quickjs.

A change smaller than the two spreads together is marked `~`: it says nothing. Benchmarks that only
one side has, or that failed, are listed, so that none gets lost.
"""
import json
import math
import statistics
import subprocess
import sys

UNIT_NS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}


def times_of(document):
    """{benchmark name: [nanoseconds of each repetition]}: wall-clock where a benchmark asked for
    that (several threads), else CPU time. A failed benchmark has no times."""
    times = {}
    for row in document["benchmarks"]:
        if row.get("run_type", "iteration") != "iteration":
            continue
        values = times.setdefault(row["name"], [])
        if not row.get("error_occurred"):
            which = "real_time" if "/real_time" in row["name"] else "cpu_time"
            values.append(row[which] * UNIT_NS[row["time_unit"]])
    return times


def read_times(path):
    with open(path, encoding="utf-8") as file:
        return times_of(json.load(file))


def run_in_turn(programs, rounds, options):
    """The times of each program, as for read_times."""
    gathered = [{} for _ in programs]
    for _ in range(rounds):
        for program, times in zip(programs, gathered):
            done = subprocess.run([program, "--benchmark_format=json", *options],
                                  stdout=subprocess.PIPE, check=True)
            for name, values in times_of(json.loads(done.stdout)).items():
                times.setdefault(name, []).extend(values)
    return gathered


def summary(values):
    """Median, and half the distance between the quartiles as a share of it."""
    middle = statistics.median(values)
    if len(values) < 4 or middle == 0:
        return middle, 0.0
    low, _, high = statistics.quantiles(values, n=4)
    return middle, (high - low) / 2 / middle


def human(ns):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}"
    return f"{ns:.3g} ns"


def table(before, after):
    """The lines to print."""
    width = max([len(name) for name in before | after] + [9])
    lines = [f"{'benchmark':{width}}  {'before':>16}  {'after':>16}  change"]
    ratios = []
    for name, old_values in before.items():
        if name not in after:
            lines.append(f"{name:{width}}  only before")
            continue
        if not old_values or not after[name]:
            failed = [side for side, values in (("before", old_values), ("after", after[name]))
                      if not values]
            lines.append(f"{name:{width}}  failed {' and '.join(failed)}")
            continue
        (old, old_spread), (new, new_spread) = summary(old_values), summary(after[name])
        change = new / old - 1 if old else 0.0
        if old and new:
            ratios.append(new / old)
        mark = "" if abs(change) > old_spread + new_spread else " ~"
        lines.append(f"{name:{width}}  {human(old):>9} ±{old_spread:5.1%}  "
                     f"{human(new):>9} ±{new_spread:5.1%}  {change:+.1%}{mark}")
    lines += [f"{name:{width}}  only after" for name in after if name not in before]
    if len(ratios) > 1:
        mean = math.exp(statistics.fmean(math.log(ratio) for ratio in ratios))
        lines.append(f"{'geometric mean':{width}}  {'':>16}  {'':>16}  {mean - 1:+.1%}")
    return lines


def main(arguments):
    rounds = 7
    if arguments[:1] == ["--rounds"] and len(arguments) > 1 and arguments[1].isdigit():
        rounds, arguments = int(arguments[1]), arguments[2:]
    if len(arguments) < 2 or rounds < 1:
        print(__doc__, file=sys.stderr)
        return 2
    sides, options = arguments[:2], arguments[2:]
    if all(side.endswith(".json") for side in sides):
        if options:
            print(__doc__, file=sys.stderr)
            return 2
        before, after = map(read_times, sides)
    else:
        before, after = run_in_turn(sides, rounds, options)
    print("\n".join(table(before, after)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
