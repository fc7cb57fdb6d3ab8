"""bench/peers: fixtures, the choice of minima, what fails, tables, targets and plots. Engines are
made up: small scripts that print figures."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml

TREE = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(TREE / "bench" / "peers"))

import engines
import fixtures
import inputs
import machine
import measure
import parts
import results
import statistic
import svg
import tables
import targets
from measure import Row


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def script(self, name, text):
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        os.chmod(path, 0o755)
        return path

    def engine(self, name, text, works=("compile",), **options):
        script = self.script(name, text)
        return engines.Engine(name, "1", {work: [script, work] for work in works}, **options)


class Fixtures(Folder):
    def test_code_section(self):
        path = fixtures.write(self.folder)["small"]
        self.assertEqual(inputs.code_bytes(path), len(b"\x01\x04\x00\x23\x00\x0b"))
        empty = self.folder / "empty.wasm"
        empty.write_bytes(b"\0asm\1\0\0\0")
        self.assertEqual(inputs.code_bytes(empty), 0)

    def test_modules_are_sorted_by_size(self):
        fixtures.write(self.folder)
        (self.folder / "notes.txt").write_text("no module")
        self.assertEqual(list(inputs.modules(self.folder))[-1], "large_data")
        self.assertEqual(set(inputs.modules(self.folder)), set(fixtures.ALL))

    def test_sluice_runs_them(self):
        command = os.environ.get("SLUICE_CLI", "")
        if not os.path.exists(command):
            self.skipTest("no sluice (SLUICE_CLI)")
        paths = fixtures.write(self.folder)

        def output(*line):
            return subprocess.run([command, *map(str, line)], capture_output=True, text=True,
                                  check=True).stdout

        self.assertEqual(output(paths["hello"]), "hello, world\n")
        self.assertEqual(output("--invoke", "run", paths["small"]), "42\n")
        valid = output("validate", *paths.values()).splitlines()
        self.assertEqual(len([line for line in valid if line.endswith(": valid")]), len(paths))


class Measuring(Folder):
    def modules(self):
        return {"small": fixtures.write(self.folder / "modules")["small"]}

    def test_the_minimum_of_all_rounds_counts(self):
        # Each run prints a smaller number than the one before.
        text = f'n=$(cat "{self.folder}/n" 2>/dev/null || echo 9); echo $((n - 1)) >"{self.folder}/n"; echo $n; echo 20'
        rows = parts.compile_part([self.engine("E", text)], self.modules(), 3)
        self.assertEqual({row.figure: row.value for row in rows}["time"], 7)
        speed = next(row for row in rows if row.figure == "speed")
        self.assertEqual((speed.unit, round(speed.value * 7000)), ("MB/s", 6))

    def test_engines_take_turns(self):
        log = self.folder / "log"
        some = [self.engine(name, f'echo {name} >>"{log}"; echo 1', slow=name == "S") for name in "ABS"]
        parts.compile_part(some, self.modules(), 2)
        self.assertEqual(log.read_text().split(), ["A", "B", "S", "A", "B"])

    def test_who_fails_is_left_out_with_the_reason(self):
        bad = self.engine("Bad", 'echo 1; echo "note: x" >&2; echo "Error: no such type" >&2; exit 3')
        rows = parts.compile_part([bad, self.engine("Good", "echo 2")], self.modules(), 2)
        self.assertEqual([r for r in rows if r.engine == "Bad"],
                         [Row("compile", "small", "Bad", "failed", "Error: no such type", None)])
        self.assertTrue(any(row.engine == "Good" and row.value == 2 for row in rows))

    def test_the_cause_of_a_failure(self):
        text = measure.why(1, "note\nError: cannot parse\n\nCaused by:\n    0: at 7\n    1: no SIMD\n")
        self.assertEqual(text, "Error: cannot parse: 0: at 7")
        self.assertEqual(measure.why(7, ""), "exit status 7")

    def test_who_hangs_is_ended(self):
        with self.assertRaisesRegex(measure.Failed, "ended after"):
            measure.run(["sleep", "10"], timeout=0.1)

    def test_processes(self):
        ms, peak = measure.wall_ms([str(self.script("ok", "exit 0"))])
        self.assertGreater(ms, 0)
        self.assertIsNone(peak)  # less than this interpreter's own
        _, peak = measure.wall_ms([sys.executable, "-c", "x = b'x' * 200_000_000"])
        self.assertTrue(200e6 < peak < 300e6, peak)
        with self.assertRaisesRegex(measure.Failed, "broken"):
            measure.wall_ms([str(self.script("bad", "echo broken >&2; exit 1"))])

    def test_a_kernel_must_return_the_same_everywhere(self):
        say = 'case $1 in result) echo %d;; *) echo 5;; esac'
        works = ("run", "result")
        some = [self.engine(n, say % (7 if n == "C" else 3), works=works) for n in "ABC"]
        rows = parts.run_part(some, {"k": self.folder}, [], 1)
        self.assertEqual({row.engine: (row.figure, row.value) for row in rows},
                         {"A": ("time", 5), "B": ("time", 5), "C": ("failed", None)})
        self.assertEqual([row.unit for row in rows if row.engine == "C"], ["returns 7, not 3"])

    def test_the_runtime_around_an_engine_is_subtracted(self):
        runtime = self.script("runtime", "sleep 0.1")
        engine = self.engine("E", "sleep 0.2", works=("wasi",), runtime=runtime)
        program = inputs.Program("p", self.folder, [])
        found = {row.figure: row.value for row in parts.cold_part([engine], [program], 2)}
        self.assertGreater(found["wall"], 200)
        self.assertLess(found["own"], found["wall"] - 90)
        self.assertGreater(found["noise"], 0)
        bad = self.engine("E", "exit 1", works=("wasi",), runtime=runtime)
        self.assertEqual([row.figure for row in parts.cold_part([bad], [program], 1)], ["failed"])

    def test_sluice_table(self):
        head = "file\\tbytes\\tcode_bytes\\tmin_ms\\tmedian_ms\\tmachine_code_bytes"
        script = self.script("sluice", f'echo "$*" >"{self.folder}/line"\n'
                             f'printf "{head}\\nx\\t1\\t1\\t2.5\\t3\\t9\\n"')
        engine = engines.Sluice("Sluice", "1", {"run_kernel": [script, "bench", "run"]})
        self.assertEqual(engine.times_ms("run_kernel", "k.wasm", 4), [2.5])
        line = (self.folder / "line").read_text().split()
        self.assertEqual(line, ["bench", "run", "--repeat=4", "--invoke", "run", "k.wasm"])


class Store(Folder):
    def test_only_what_was_measured_again_is_replaced(self):
        store = results.Store(self.folder)
        store.replace("run", [Row("run", "a", "X", "time", "ms", 1.0), Row("run", "b", "X", "time", "ms", 2.0)])
        store.replace("run", [Row("run", "a", "X", "failed", "why", None)])
        again = results.Store(self.folder)
        self.assertEqual(again.part("run", "time"), {"b": {"X": 2.0}})
        self.assertEqual([row.unit for row in again.failures("run")], ["why"])

    def test_versions_and_flags_are_kept(self):
        store = results.Store(self.folder)
        engine = engines.Engine("E", "7", {"compile": ["e", "--fast", "compile"]})
        store.describe({"processor": "one"}, [engine])
        about = results.Store(self.folder).about
        self.assertEqual(about, {"processor": "one", "engine E": "7", "flags E, compile": "--fast"})


class Machine(Folder):
    def test_processor(self):
        path = self.folder / "cpuinfo"
        path.write_text("cpu family\t: 25\nmodel\t\t: 17\nmodel name\t: AMD EPYC\n")
        self.assertRegex(machine.processor(path), r"^\d+ × AMD EPYC \(family 25, model 17\)$")


def store_with(folder, part, figure, table):
    store = results.Store(folder)
    store.replace(part, [Row(part, subject, engine, figure, "x", value)
                         for subject, row in table.items() for engine, value in row.items()])
    return store


class Tables(Folder):
    def test_ratio_is_over_what_both_do(self):
        speed = {"a": {"Sluice": 8.0, "E": 2.0}, "b": {"Sluice": 1.0, "E": 1.0}, "c": {"Sluice": 5.0}}
        text = tables.write(store_with(self.folder, "compile", "speed", speed), self.folder)
        self.assertIn("| **Sluice is better by** |  | **2.00 ×** |", text)
        self.assertIn("| least |  | 1.00 × |", text)
        self.assertIn("| inputs that both do |  | 2 |", text)
        self.assertIn("| c | 5.00 | – |", text)
        self.assertEqual((self.folder / "results.md").read_text(), text)
        xml.parse(self.folder / "compile.svg")

    def test_less_time_is_better(self):
        time = {"k": {"Sluice": 2.0, "E": 3.0}}
        text = tables.write(store_with(self.folder, "run", "time", time), self.folder)
        self.assertIn("**1.50 ×**", text)

    def test_targets_are_against_the_faster_liftoff(self):
        speed = {"a": {"Sluice": 90.0, "V8 (node 1) Liftoff": 20.0, "V8 (node 2) Liftoff": 30.0}}
        store = store_with(self.folder, "compile", "speed", speed)
        text = targets.table(store, tables.markdown)
        self.assertIn("| compiling, × V8 Liftoff, geometric mean | ≥ 4 | 3.00 | **no** |", text)
        self.assertIn("| compiling, × V8 Liftoff, least (a) | ≥ 3 | 3.00 | yes |", text)

    def test_arithmetic(self):
        self.assertAlmostEqual(statistic.geometric_mean([2, 8]), 4)
        spreads = [statistic.lower_spread(v) for v in ([5], [7, 5], [9, 5, 7], [9, 5, 8, 6, 7])]
        self.assertEqual(spreads, [0, 2, 2, 1])

    def cold(self, ours, **peers):
        """The targets for a command; a peer has (own, noise), and 30 ms more as a whole process."""
        store = results.Store(self.folder)
        row = {"Sluice": (ours, 0.1), "Sluice adaptive": (ours, 0.1), **peers}
        store.replace("cold", [Row("cold", "c", engine, figure, "ms", ms)
                               for engine, (own, noise) in row.items()
                               for figure, ms in (("own", own), ("noise", noise),
                                                  ("wall", own + 30 * (engine in peers)))])
        return store, targets.table(store, tables.markdown)

    def test_a_cold_time_above_the_noise(self):
        _, text = self.cold(2.0, A=(4.0, 3.0), B=(5.0, 0.1))
        self.assertIn("| c, cold, × the fastest peer (A) | < 1 | 0.50 | yes |", text)
        _, text = self.cold(5.0, A=(4.0, 3.0))
        self.assertIn("| c, cold, × the fastest peer (A) | < 1 | 1.25 | **no** |", text)

    def test_a_cold_time_below_the_noise_says_nothing(self):
        for own in (-1.0, 0.5, 3.0):
            store, text = self.cold(2.0, A=(own, 3.0), B=(9.0, 1.0))
            self.assertIn("A less its runtime's start is below the noise; as whole processes "
                          f"2 and {own + 30:.3g} ms | < 1 | – | – |", text)
            text = tables.write(store, self.folder)
            self.assertIn("| **Sluice is better by** |  | **1.00 ×** | **4.50 ×** |", text)

    def test_a_loss_is_not_lost_in_the_noise(self):
        _, text = self.cold(8.0, A=(1.0, 3.0))
        self.assertIn("(A) | < 1 | 2.00 | **no** |", text)
        _, text = self.cold(5.5, A=(3.0, 3.0), B=(5.0, 1.0))
        self.assertIn("(B) | < 1 | 1.10 | **no** |", text)

    def test_nothing_measured(self):
        self.assertNotIn("##", tables.write(results.Store(self.folder), self.folder))

    def test_numbers(self):
        self.assertEqual([tables.number(v) for v in (None, 1234.5, 99.6, 12.34, 1.234, -3.0)],
                         ["–", "1,234", "100", "12.3", "1.23", "-3.00"])


class Plots(Folder):
    def test_bars(self):
        path = self.folder / "plot.svg"
        table = {"<a & b>": {"X": 0.5, "Y": 250.0}, "c": {"X": -1.0}}
        svg.bars(path, "Title", "ms", table, ["X", "Y"], mark=1.0)
        root = xml.parse(path).getroot()
        space = "{http://www.w3.org/2000/svg}"
        titled = [r for r in root.iter(f"{space}rect") if r.find(f"{space}title") is not None]
        self.assertEqual(len(titled), 3)
        widths = [float(r.get("width")) for r in titled]
        self.assertLess(widths[0], widths[1])
        self.assertLessEqual(max(widths), svg.WIDTH)
        self.assertIn("<a & b>", [t.text for t in root.iter(f"{space}text")])

    def test_no_bars_no_plot(self):
        svg.bars(self.folder / "plot.svg", "Title", "ms", {}, ["X"])
        self.assertFalse((self.folder / "plot.svg").exists())


if __name__ == "__main__":
    unittest.main()
