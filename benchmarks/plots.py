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
from matplotlib.figure import Figure

from benchmarks.contract import Curve

Scale = Literal["linear", "log", "symlog"]


@dataclass(frozen=True, slots=True)
class Axes:
    """How a plot is drawn: what its axes are of, and their scales."""

    title: str
    x: str = ""
    y: str = ""
    x_scale: Scale = "linear"
    y_scale: Scale = "linear"


#: The plots that goals name in `Curve.plot`; one of another name is drawn with plain axes.
PLOTS: Final[Mapping[str, Axes]] = {
    "backlog": Axes("Cost against backlog", "entries kept", "events accepted/s", "symlog"),
    "size": Axes("File size against backlog", "entries kept", "bytes an entry", "symlog"),
    "callers": Axes("Accept against callers", "callers at once", "events accepted/s", "log"),
    "latency": Axes("Latency distribution", "ms", "% answered within", "log"),
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
        area.set(xscale=_scale(how.x_scale, curves), yscale=how.y_scale)
        area.set_ylim(bottom=0)
        area.legend()
        out = io.StringIO()
        drawing.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _scale(wanted: Scale, curves: Sequence[Curve]) -> Scale:
    """Return the scale of x that can show all of it: a logarithm has no place for 0."""
    if wanted == "log" and min(min(curve.x) for curve in curves) <= 0:
        return "symlog"
    return wanted
