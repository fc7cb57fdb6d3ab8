"""Bar charts as SVG, written by hand: a logarithmic axis, groups of bars, a legend."""

import math
from html import escape

COLOURS = ["#1b6ca8", "#d1495b", "#edae49", "#66a182", "#7d5ba6", "#8d99ae", "#2e4057", "#b08968",
           "#3caea3", "#f2a7bb", "#a1c181", "#5c4742"]
BAR, GAP, LEFT, WIDTH, TOP = 9, 8, 170, 620, 86


def decades(low, high):
    """1, 2, 5, 10, … from below `low` to above `high`."""
    steps = [m * 10.0 ** e for e in range(math.floor(math.log10(low)) - 1,
                                           math.ceil(math.log10(high)) + 2) for m in (1, 2, 5)]
    begin = max((step for step in steps if step <= low), default=low)
    end = min((step for step in steps if step >= high), default=high)
    return [step for step in steps if begin <= step <= end]


def label(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def text(x, y, content, anchor="start", size=11, weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
            f'font-weight="{weight}">{escape(content)}</text>\n')


def rect(x, y, width, height, colour, title=""):
    inner = f"<title>{escape(title)}</title>" if title else ""
    return (f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
            f'fill="{colour}">{inner}</rect>\n')


def bars(path, title, unit, table, series, mark=None):
    """`table` is {group: {series: value}}; values that are not positive count as the least one."""
    values = [v for row in table.values() for v in row.values() if v > 0] + ([mark] if mark else [])
    if not values:
        return
    ticks = decades(min(values) * 0.8, max(values))
    low, high = math.log(ticks[0]), math.log(ticks[-1])

    def x_of(value):
        share = (math.log(max(value, ticks[0])) - low) / ((high - low) or 1)
        return LEFT + share * WIDTH

    shown = {group: [s for s in series if s in row] for group, row in table.items()}
    bottom = TOP + sum(max(1, len(names)) * BAR + GAP for names in shown.values())
    parts = [text(12, 20, title, size=15, weight="bold"), text(12, 36, f"{unit}, logarithmic")]
    if len(series) > 1:
        for i, name in enumerate(series):
            x, y = LEFT + i % 4 * 155, 44 + i // 4 * 13
            parts += [rect(x, y - 8, 9, 9, COLOURS[i % len(COLOURS)]), text(x + 13, y, name, size=10)]
    for tick in ticks:
        parts.append(f'<path d="M{x_of(tick):.1f} {TOP - 4}V{bottom}" stroke="#ddd"/>\n')
        parts.append(text(x_of(tick), bottom + 13, label(tick), "middle", 10))
    y = TOP
    for group, names in shown.items():
        parts.append(text(LEFT - 6, y + len(names) * BAR / 2 + 4, group, "end"))
        for name in names:
            value = table[group][name]
            colour = COLOURS[series.index(name) % len(COLOURS)]
            width = max(1.0, x_of(value) - LEFT)
            parts.append(rect(LEFT, y, width, BAR - 1, colour, f"{name}: {label(value)}"))
            parts.append(text(LEFT + width + 3, y + BAR - 1.5, label(value), size=8))
            y += BAR
        y += GAP
    if mark:
        parts.append(f'<path d="M{x_of(mark):.1f} {TOP - 4}V{bottom}" stroke="#000"/>\n')
    height, width = bottom + 24, LEFT + WIDTH + 60
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'font-family="sans-serif">\n<rect width="{width}" height="{height}" fill="#fff"/>\n'
        + "".join(parts) + "</svg>\n", encoding="utf-8")
