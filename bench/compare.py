#!/usr/bin/env python3
"""Compares two runs of a benchmark: a table of medians before and after, with the spread of each.

Usage: compare.py BEFORE.json AFTER.json
The files come from `NAME_bench --benchmark_repetitions=9 --benchmark_out=FILE
--benchmark_out_format=json`. A change smaller than the spreads together is marked `~`: it says
nothing. Benchmarks that only one file has are listed, so that none gets lost.
"""
import json
import statistics
import sys

UNIT_NS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}


def read_times(path):
    """Returns {benchmark name: [CPU nanoseconds of each repetition]}."""
    with open(path) as file:
        rows = json.load(file)["benchmarks"]
    times = {}
    for row in rows:
        if row.get("run_type", "iteration") == "iteration" and not row.get("error_occurred"):
            times.setdefault(row["name"], []).append(row["cpu_time"] * UNIT_NS[row["time_unit"]])
    return times


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


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    before, after = read_times(sys.argv[1]), read_times(sys.argv[2])
    width = max([len(name) for name in before | after] + [9])
    print(f"{'benchmark':{width}}  {'before':>16}  {'after':>16}  change")
    for name in before:
        if name not in after:
            print(f"{name:{width}}  only before")
            continue
        (old, old_spread), (new, new_spread) = summary(before[name]), summary(after[name])
        change = new / old - 1 if old else 0.0
        mark = "" if abs(change) > old_spread + new_spread else " ~"
        print(f"{name:{width}}  {human(old):>9} ±{old_spread:4.1%}  {human(new):>9} ±{new_spread:4.1%}  "
              f"{change:+.1%}{mark}")
    for name in after.keys() - before.keys():
        print(f"{name:{width}}  only after")
    return 0


if __name__ == "__main__":
    sys.exit(main())
