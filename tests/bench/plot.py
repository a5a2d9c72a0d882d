#!/usr/bin/env python3
"""Draws how the benchmarks' figures stand to their targets.

usage: plot.py RESULT.json... PLOT.svg
"""

import json
import math
import sys
from html import escape

LABELS, BARS, ROW, TOP = 430, 360, 22, 40
LEAST, MOST = 1 / 4, 4  # of the target


def figures(path):
    """Yields (text, how well the target is met: 1 is just met, 2 twice as good)."""
    with open(path, encoding="utf-8") as file:
        for run in json.load(file)["benchmarks"]:
            for key, target in run.items():
                if not key.startswith("target: "):
                    continue
                name = key.removeprefix("target: ")
                value = run[name]
                smaller_is_better = not name.startswith("speed")
                met = target / value if smaller_is_better else value / target
                title = run["run_name"].removesuffix("/iterations:1/manual_time")
                if name == "seconds":
                    figure = f"{value * 1e6:.3g} us, at most {target * 1e6:.3g}"
                else:
                    bound = "at most" if smaller_is_better else "at least"
                    figure = f"{name} = {value:.2f}, {bound} {target:.3g}"
                yield title, figure, met


def main():
    *sources, plot = sys.argv[1:]
    rows = [row for path in sources for row in figures(path)]
    height = TOP + ROW * len(rows) + 30
    width = LABELS + BARS + 280

    def x(met):
        scale = math.log(min(max(met, LEAST), MOST) / LEAST) / math.log(MOST / LEAST)
        return LABELS + BARS * scale

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="10" y="20" font-size="14">How far the targets are met '
        "(right of the line: better than the target)</text>",
    ]
    for i, (title, figure, met) in enumerate(rows):
        y = TOP + ROW * i
        left, right = sorted((x(1), x(met)))
        colour = "#3b7dd8" if met >= 1 else "#d8763b"
        lines += [
            f'<text x="{LABELS - 10}" y="{y + 14}" text-anchor="end">{escape(title)}</text>',
            f'<rect x="{left:.1f}" y="{y + 3}" width="{max(right - left, 1):.1f}" '
            f'height="{ROW - 8}" fill="{colour}"/>',
            f'<text x="{LABELS + BARS + 10}" y="{y + 14}">{escape(figure)}</text>',
        ]
    bottom = TOP + ROW * len(rows)
    for tick in (0.25, 0.5, 1, 2, 4):
        stroke = "black" if tick == 1 else "#cccccc"
        lines += [
            f'<line x1="{x(tick):.1f}" y1="{TOP - 4}" x2="{x(tick):.1f}" y2="{bottom}" '
            f'stroke="{stroke}"/>',
            f'<text x="{x(tick):.1f}" y="{bottom + 16}" text-anchor="middle">{tick:g} x</text>',
        ]
    lines.append("</svg>")
    with open(plot, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


main()
