"""How the notebooks draw and tabulate: one look, sizes that fit a notebook's width, numbers with thousands."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter, PercentFormatter

# Okabe and Ito's colours, which most people tell apart; the third is for what wants a look.
COLOURS = ["#0072B2", "#E69F00", "#D55E00", "#009E73", "#CC79A7", "#56B4E9"]
THERE, ADDED, SURPLUS = "#9DB4C0", COLOURS[0], COLOURS[2]
WIDTH = 9.5  # inches; at 100 dots each a notebook shows it without shrinking

plt.rcParams.update(
    {
        "figure.dpi": 100,
        "figure.constrained_layout.use": True,
        "font.size": 10,
        "axes.titlesize": 11,
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": "#E5E5E5",
        "legend.frameon": False,
    }
)


def thousands(axis):
    """Ticks as 12,000 rather than 12000."""
    axis.set_major_formatter(
        FuncFormatter(lambda value, _: f"{value:,.0f}" if value == int(value) else f"{value:,.1f}")
    )


def percent(axis):
    axis.set_major_formatter(PercentFormatter(decimals=0))


def table(rows, columns):
    """A table without row numbers; integers with thousands."""
    frame = pd.DataFrame(rows, columns=columns, dtype=object)
    return frame.style.hide(axis="index").format(
        lambda value: "" if value is None else f"{value:,}" if type(value) is int else value
    )


def panels(rows, columns=1, height=2.6):
    """A figure of so many axes, always as a two-dimensional array."""
    return plt.subplots(rows, columns, figsize=(WIDTH, height * rows), squeeze=False)


def histogram(axes, counts, colour):
    """Bars over whole numbers: how many there are of each size. Counts are (size, how many); up to 40 bars."""
    sizes, many = (np.array(part) for part in zip(*sorted(counts)))
    step = max(1, -(-int(sizes[-1] + 1) // 40))
    edges = np.arange(0, sizes[-1] + step + 1, step) - 0.5
    axes.hist(sizes, bins=edges, weights=many, color=colour, edgecolor="white", linewidth=0.5)
    axes.set_xlim(edges[0], edges[-1])
    axes.grid(axis="x", visible=False)
    thousands(axes.xaxis)
    thousands(axes.yaxis)


def shares(names, parts, note):
    """A bar for each name, split in percent; the numbers themselves stand beside it.

    Parts are (label, colour, numbers); a note is what stands at a bar's end.
    """
    fig, ((axes,),) = panels(1, height=0.9 + 0.55 * len(names))
    totals = np.array([sum(numbers[i] for _, _, numbers in parts) for i in range(len(names))], dtype=float)
    left = np.zeros(len(names))
    for label, colour, numbers in parts:
        width = 100 * np.divide(numbers, totals, out=np.zeros(len(names)), where=totals > 0)
        axes.barh(names, width, left=left, color=colour, label=label, height=0.6)
        left += width
    for i in range(len(names)):
        axes.annotate(note(i), (100, i), xytext=(6, 0), textcoords="offset points", va="center", fontsize=9)
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    percent(axes.xaxis)
    axes.grid(axis="y", visible=False)
    fig.legend(loc="outside upper left", ncols=len(parts))
    return fig, axes


def ranking(axes, names, numbers, colour):
    """Horizontal bars, the longest on top, each with its number."""
    bars = axes.barh(range(len(names)), numbers, color=colour, height=0.7)
    axes.set_yticks(range(len(names)), names)
    axes.bar_label(bars, labels=[f"{number:,}" for number in numbers], padding=3, fontsize=9)
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.grid(axis="y", visible=False)
    thousands(axes.xaxis)
