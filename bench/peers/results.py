"""The figures on disk: results.tsv, one row a line, and about.tsv, what they were measured on and
with. Rows of a part are replaced as a whole, but only those of engines and inputs measured again."""

import measure


class Store:
    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.figures, self.notes = folder / "results.tsv", folder / "about.tsv"
        self.rows, self.about = self.read_rows(), self.read_about()

    def read_rows(self):
        if not self.figures.exists():
            return []
        lines = self.figures.read_text(encoding="utf-8").splitlines()[1:]
        cells = [line.split("\t") for line in lines]
        return [measure.Row(*c[:5], float(c[5]) if c[5] else None) for c in cells]

    def read_about(self):
        if not self.notes.exists():
            return {}
        lines = self.notes.read_text(encoding="utf-8").splitlines()
        return dict(line.split("\t", 1) for line in lines)

    def describe(self, facts, engines):
        self.about.update(facts)
        for engine in engines:
            self.about[f"engine {engine.name}"] = engine.version
            for text, works in engine.flags().items():
                self.about[f"flags {engine.name}, {', '.join(works)}"] = text
        lines = [f"{key}\t{value}\n" for key, value in self.about.items()]
        self.notes.write_text("".join(lines), encoding="utf-8")

    def replace(self, part, rows):
        again = {(row.input, row.engine) for row in rows}
        kept = [row for row in self.rows
                if row.part != part or (row.input, row.engine) not in again]
        self.rows = kept + rows
        lines = ["part\tinput\tengine\tfigure\tunit\tvalue\n"]
        for row in self.rows:
            value = "" if row.value is None else f"{row.value:.6g}"
            lines.append("\t".join([*row[:5], value]) + "\n")
        self.figures.write_text("".join(lines), encoding="utf-8")

    def part(self, part, figure=None):
        """{input: {engine: value}} of one figure, in the order of measuring."""
        table = {}
        for row in self.rows:
            if row.part == part and row.value is not None and row.figure == figure:
                table.setdefault(row.input, {})[row.engine] = row.value
        return table

    def failures(self, part):
        return [row for row in self.rows if row.part == part and row.value is None]
