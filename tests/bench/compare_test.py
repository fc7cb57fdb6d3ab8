"""bench/compare.py: its tables, from files and from programs that it runs in turn."""

import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "bench" / "compare.py"
sys.dont_write_bytecode = True
specification = importlib.util.spec_from_file_location("compare", SCRIPT)
compare = importlib.util.module_from_spec(specification)
specification.loader.exec_module(compare)


def document(**times):
    """As Google Benchmark writes it; None is a failed run."""
    rows = []
    for name, values in times.items():
        name = name.replace("__", "/")
        for value in values:
            row = {"name": name, "run_type": "iteration", "time_unit": "us"}
            failed = {"error_occurred": True, "error_message": "no"}
            rows.append(row | ({"cpu_time": value, "real_time": value * 2} if value else failed))
        rows.append({"name": f"{name}_median", "run_type": "aggregate", "cpu_time": 1, "time_unit": "us"})
    return {"benchmarks": rows}


def lines(before, after):
    text = compare.table(compare.times_of(document(**before)), compare.times_of(document(**after)))
    return {line.split("  ")[0].strip(): line for line in text}


class Table(unittest.TestCase):
    def test_change(self):
        line = lines({"a": [10, 10, 10, 10, 10]}, {"a": [8, 8, 8, 8, 8]})["a"]
        self.assertIn("-20.0%", line)
        self.assertIn("10 us", line)
        self.assertFalse(line.endswith("~"))

    def test_a_change_within_the_spread_says_nothing(self):
        line = lines({"a": [8, 9, 10, 11, 12]}, {"a": [9, 10, 11, 12, 13]})["a"]
        self.assertTrue(line.endswith("+10.0% ~"), line)

    def test_nothing_gets_lost(self):
        found = lines({"a": [1], "b": [1], "c": [None]}, {"a": [1], "c": [1], "d": [1]})
        self.assertIn("only before", found["b"])
        self.assertIn("failed before", found["c"])
        self.assertIn("only after", found["d"])

    def test_geometric_mean(self):
        found = lines({"a": [10] * 4, "b": [10] * 4}, {"a": [5] * 4, "b": [20] * 4})
        self.assertIn("+0.0%", found["geometric mean"])

    def test_wall_clock_where_threads_share_the_work(self):
        times = compare.times_of(document(a=[10], a__real_time=[10]))
        self.assertEqual(times, {"a": [10e3], "a/real_time": [20e3]})

    def test_units(self):
        self.assertEqual([compare.human(ns) for ns in (1.5, 2e3, 3.25e6, 4e9)],
                         ["1.5 ns", "2 us", "3.25 ms", "4 s"])


class CommandLine(unittest.TestCase):
    def run_script(self, *arguments):
        return subprocess.run([sys.executable, SCRIPT, *map(str, arguments)], capture_output=True,
                              text=True)

    def test_files(self):
        with tempfile.TemporaryDirectory() as text:
            paths = [pathlib.Path(text) / name for name in ("before.json", "after.json")]
            for path, values in zip(paths, ([10] * 5, [15] * 5)):
                path.write_text(json.dumps(document(a=values)))
            done = self.run_script(*paths)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("+50.0%", done.stdout)
            self.assertEqual(self.run_script(*paths, "--option").returncode, 2)

    def test_programs_in_turn(self):
        with tempfile.TemporaryDirectory() as text:
            folder = pathlib.Path(text)
            log = folder / "log"
            for name, value in (("old", 10), ("new", 20)):
                (folder / f"{name}.out").write_text(json.dumps(document(a=[value])))
                program = folder / name
                program.write_text(f'#!/bin/sh\necho "{name} $*" >>"{log}"\ncat "{folder}/{name}.out"\n')
                os.chmod(program, 0o755)
            done = self.run_script("--rounds", 2, folder / "old", folder / "new", "--benchmark_filter=a")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("+100.0%", done.stdout)
            line = "--benchmark_format=json --benchmark_filter=a"
            self.assertEqual(log.read_text().splitlines(), [f"old {line}", f"new {line}"] * 2)

    def test_wrong_lines(self):
        for arguments in ([], ["one.json"], ["--rounds", "0", "a", "b"]):
            done = self.run_script(*arguments)
            self.assertEqual(done.returncode, 2)
            self.assertIn("usage:", done.stderr)


if __name__ == "__main__":
    unittest.main()
