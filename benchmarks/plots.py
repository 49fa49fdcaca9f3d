"""The plots of a run, as SVG: cost against backlog, accept against callers, and so on.

In: the curves that goals return. Out: one drawing a plot, the same bytes for the same curves.
Knows nothing of what the curves are of.
"""

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes as Area
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter
from numpy.typing import NDArray

from benchmarks.contract import Curve

Scale = Literal["linear", "log", "tail"]
Numbers = NDArray[np.float64]
#: The marks of the scale `tail`, and the end of it: each nine has as much room as the last.
_NINES: Final = (0, 50, 90, 99, 99.9, 99.99)
_END: Final = 99.999


@dataclass(frozen=True, slots=True)
class Axes:
    """How a plot is drawn: what its axes are of, and their scales.

    A `log` that starts at 0 is linear up to its first step; `tail` is of percent, and has as much
    room for 99 to 99.9 as for 90 to 99.
    """

    title: str
    x: str = ""
    y: str = ""
    x_scale: Scale = "linear"
    y_scale: Scale = "linear"


#: The plots that goals name in `Curve.plot`; one of another name is drawn with plain axes.
PLOTS: Final[Mapping[str, Axes]] = {
    "backlog": Axes("Cost against backlog", "entries kept", "events accepted/s", "log"),
    "size": Axes("File size against backlog", "entries kept", "bytes an entry", "log"),
    "callers": Axes("Accept against callers", "callers at once", "events accepted/s", "log"),
    "Deliveries a second by calls in flight": Axes(
        "Deliver against calls in flight", "in flight", "delivered/s", "log"
    ),
    "a burst of datagrams, on disk": Axes("A burst of datagrams", "s", "events on disk"),
    "latency": Axes("Latency distribution", "ms", "% answered within", "log", "tail"),
    "overload": Axes("Beyond capacity", "offered, times capacity", "answered/s", "log"),
}


class Undrawable(Exception):
    """A curve has no points, or points that can't be drawn."""


def draw(curves: Sequence[Curve]) -> dict[str, str]:
    """Return an SVG for each plot that the curves name, by its file's name without an ending.

    Raises:
        Undrawable: a curve is empty, or its x and y don't fit; the message names it.
    """
    plots: dict[str, list[Curve]] = {}
    for curve in curves:
        _checked(curve)
        plots.setdefault(curve.plot, []).append(curve)
    return {slug(name): _svg(axes(name), parts) for name, parts in plots.items()}


def axes(plot: str) -> Axes:
    """Return how a plot is drawn, also one that is not on the list."""
    return PLOTS.get(plot, Axes(plot))


def slug(plot: str) -> str:
    """Return a plot's name as a file's name."""
    return "-".join("".join(c if c.isalnum() else " " for c in plot.lower()).split()) or "plot"


def _checked(curve: Curve) -> None:
    fits = len(curve.x) == len(curve.y) > 0
    if not fits or not all(map(math.isfinite, (*curve.x, *curve.y))):
        raise Undrawable(
            f"the curve {curve.name!r} of the plot {curve.plot!r} has {len(curve.x)} x and "
            f"{len(curve.y)} y; it needs as many of both, at least one, and all finite"
        )


def _svg(how: Axes, curves: Sequence[Curve]) -> str:
    style = mpl.rc_context(
        {
            "svg.fonttype": "none",  # text stays text
            "svg.hashsalt": "campaign-bridge",  # ids are those of the last time
            "axes.grid": True,
            "grid.alpha": 0.3,
        }
    )
    with style:
        drawing = Figure(figsize=(7.2, 4.2), layout="constrained")
        area = drawing.add_subplot()
        for curve in curves:
            few = len(curve.x) <= 40  # more dots would be the line
            area.plot(curve.x, curve.y, marker="o" if few else "", markersize=4, label=curve.name)
        area.set(title=how.title, xlabel=how.x, ylabel=how.y)
        if how.x_scale == "log":
            _logarithmic(area, sorted(x for curve in curves for x in curve.x))
        if how.y_scale == "tail":
            _tailed(area)
        else:
            area.set_ylim(bottom=0)
        for axis in (area.xaxis, area.yaxis):
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
            axis.set_minor_formatter(NullFormatter())
        area.legend()
        out = io.StringIO()
        drawing.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _logarithmic(area: Area, values: Sequence[float]) -> None:
    """Give x steps of ten, and of two and five where they are few; 0 stands left of them."""
    above = [x for x in values if x > 0] or [1.0]
    if values[0] > 0:
        area.set_xscale("log")
    else:
        area.set_xscale("symlog", linthresh=above[0])
        return
    steps = (1.0, 2.0, 5.0) if above[-1] / above[0] < 1e3 else (1.0,)
    area.xaxis.set_major_locator(LogLocator(subs=steps))


def _tailed(area: Area) -> None:
    area.set_yscale("function", functions=(_nines, _percent))
    area.yaxis.set_major_locator(FixedLocator(_NINES))
    area.set_ylim(0, _END)


def _nines(percent: Numbers) -> Numbers:
    left: Numbers = 100 - np.minimum(percent, _END)
    return -np.log10(left)


def _percent(nines: Numbers) -> Numbers:
    return 100 - 10**-nines
