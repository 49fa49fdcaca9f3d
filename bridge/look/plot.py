"""Plots of values over time, drawn on the server as SVG.

In: series of (instant, value). Out: a drawing for wide and one for narrow screens, and the rows of
a table that says the same. Knows nothing of pages, and nothing of what is plotted.

The same series give the same bytes. Colours, dashes and fonts are the style sheet's: the drawing
has classes and no style, as the page's policy wants it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain, pairwise
from typing import Final, Literal

from markupsafe import Markup

from bridge.look import moments
from bridge.look.filters import count, money, printable
from bridge.look.ticks import Mark, TimeMark, time_marks, value_marks
from bridge.record import record

Kind = Literal["line", "step", "bars"]
Number = Decimal | int | float

#: The style sheet knows this many series apart.
MOST_SERIES: Final = 4
#: Dots of a line are drawn up to this many points; beyond, they would be the line.
_MOST_DOTS: Final = 40
_RIGHT, _TOP, _BOTTOM = 14, 12, 28
#: Of a label's character, in the drawing's units; wide fonts need this much.
_CHARACTER: Final = 7.5


@record
class Series:
    """Values over time under one name, in the order of their instants."""

    name: str
    points: Sequence[tuple[datetime, Number]]


@record
class Plot:
    """What the part `figure` draws."""

    title: str
    description: str
    columns: tuple[str, ...]
    #: One row an instant: the instant, then a text a series (None where it has no value).
    rows: tuple[tuple[datetime, tuple[str | None, ...]], ...]
    wide: Markup
    narrow: Markup
    bars: bool

    @property
    def empty(self) -> bool:
        """Tell whether there is nothing to draw."""
        return not self.rows


@record
class _Line:
    name: str
    points: tuple[tuple[datetime, Decimal], ...]


@record
class _Frame:
    """The axes of one drawing, and where a point stands in it."""

    left: int
    width: int
    height: int
    start: datetime
    end: datetime
    values: list[Mark]
    times: list[TimeMark]

    def x(self, at: datetime) -> float:
        share = (at - self.start) / (self.end - self.start)
        return self.left + (self.width - self.left - _RIGHT) * share

    def y(self, value: Decimal) -> float:
        low, high = self.values[0].at, self.values[-1].at
        return _TOP + (self.height - _TOP - _BOTTOM) * float((high - value) / (high - low))


def plot(
    series: Sequence[Series],
    *,
    title: str,
    kind: Kind = "line",
    unit: str = "",
    description: str = "",
    identity: str = "plot",
) -> Plot:
    """Draw up to four series; none, empty ones and single points are fine.

    `title` and `description` are what a screen reader says (without a description, the range is
    told); `unit` makes the values money; `identity` keeps the ids of two plots on one page apart.
    Draw some hundred points at most: gather more into days or hours first.

    Raises:
        ValueError: more than four series, an instant without a timezone, or a value that is not a
            finite number.
    """
    if len(series) > MOST_SERIES:
        raise ValueError(f"a plot has at most {MOST_SERIES} series")
    lines = [_line(one) for one in series]
    said = description or _told(lines, unit)
    drawn = [
        _drawn(lines, kind, size, f"{identity}-{name}", title, said)
        for name, size in (("wide", (720, 260)), ("narrow", (320, 220)))
    ]
    return Plot(
        title=title,
        description=said,
        columns=tuple(line.name for line in lines),
        rows=tuple(_rows(lines, unit)),
        wide=drawn[0],
        narrow=drawn[1],
        bars=kind == "bars",
    )


def _line(series: Series) -> _Line:
    points = [(moments.utc(at), _decimal(value)) for at, value in series.points]
    return _Line(printable(series.name, 60), tuple(sorted(points, key=lambda point: point[0])))


def _decimal(value: Number) -> Decimal:
    # Through its text: a float's own digits, not those of its binary neighbour.
    exact = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
    if not exact.is_finite():
        raise ValueError("a plot takes finite numbers")
    return exact


# -- what it says ---------------------------------------------------------------------------


def _rows(lines: Sequence[_Line], unit: str) -> Iterator[tuple[datetime, tuple[str | None, ...]]]:
    by_instant = [dict(line.points) for line in lines]
    for at in sorted(set(chain.from_iterable(by_instant))):
        yield at, tuple(_figure(known.get(at), unit) for known in by_instant)


def _figure(value: Decimal | None, unit: str) -> str | None:
    if value is None:
        return None
    if unit:
        return money(value, unit)
    return count(int(value)) if value == value.to_integral_value() else f"{value:,f}"


def _told(lines: Sequence[_Line], unit: str) -> str:
    points = [point for line in lines for point in line.points]
    if not points:
        return "There are no values yet."
    first, last = min(at for at, _ in points), max(at for at, _ in points)
    low, high = min(value for _, value in points), max(value for _, value in points)
    return (
        f"From {moments.whole(first)} to {moments.whole(last)}; "
        f"lowest {_figure(low, unit)}, highest {_figure(high, unit)}."
    )


# -- how it is drawn ------------------------------------------------------------------------


def _drawn(
    lines: Sequence[_Line],
    kind: Kind,
    size: tuple[int, int],
    identity: str,
    title: str,
    description: str,
) -> Markup:
    if not any(line.points for line in lines):
        return Markup("")
    frame = _frame(lines, kind, size)
    shapes = _bars(frame, lines) if kind == "bars" else _lines(frame, lines, kind)
    return Markup(
        '<svg class="plot" viewBox="0 0 {} {}" role="img" aria-labelledby="{}-title {}-text">'
        '<title id="{}-title">{}</title><desc id="{}-text">{}</desc>{}{}</svg>'
    ).format(
        *size,
        *(identity, identity, identity, printable(title), identity, printable(description)),
        _axes(frame),
        Markup("").join(shapes),
    )


def _frame(lines: Sequence[_Line], kind: Kind, size: tuple[int, int]) -> _Frame:
    instants = [at for line in lines for at, _ in line.points]
    values = [value for line in lines for _, value in line.points]
    start, end = min(instants), max(instants)
    room = _gap(lines) / 2 if kind == "bars" or start == end else timedelta(0)
    marks = value_marks(min(*values, Decimal(0)), max(*values, Decimal(0)))
    times = time_marks(start, end, about=size[0] // 100)
    left = 12 + round(_CHARACTER * max(len(mark.label) for mark in marks))
    return _Frame(left, *size, start - room, end + room, marks, times)


def _gap(lines: Sequence[_Line]) -> timedelta:
    """Return the shortest time between two bars; a day where there is but one."""
    instants = sorted({at for line in lines for at, _ in line.points})
    return min((b - a for a, b in pairwise(instants)), default=timedelta(days=1))


def _axes(frame: _Frame) -> Markup:
    across = (
        Markup(
            '<line class="plot-grid{}" x1="{}" x2="{}" y1="{}" y2="{}"/>'
            '<text class="plot-label plot-value" x="{}" y="{}">{}</text>'
        ).format(
            "" if mark.at else " plot-zero",
            *(frame.left, frame.width - _RIGHT, _n(y), _n(y)),
            *(frame.left - 8, _n(y + 4), mark.label),
        )
        for mark in frame.values
        for y in [frame.y(mark.at)]
    )
    below = (
        Markup('<text class="plot-label plot-time" x="{}" y="{}">{}</text>').format(
            _n(min(max(frame.x(mark.at), frame.left + 8), frame.width - _RIGHT - 8)),
            frame.height - 8,
            mark.label,
        )
        for mark in frame.times
    )
    return Markup("").join(chain(across, below))


def _lines(frame: _Frame, lines: Sequence[_Line], kind: Kind) -> Iterator[Markup]:
    for number, line in enumerate(lines, 1):
        places = [(frame.x(at), frame.y(value)) for at, value in line.points]
        if kind == "step":
            places = list(_stairs(places))
        yield Markup('<path class="plot-line series-{}" d="{}"/>').format(number, _path(places))
        if len(line.points) <= _MOST_DOTS:
            for at, value in line.points:
                yield Markup(
                    '<circle class="plot-dot series-{}" cx="{}" cy="{}" r="2.5">'
                    "<title>{}: {}, {}</title></circle>"
                ).format(
                    *(number, _n(frame.x(at)), _n(frame.y(value))),
                    *(line.name, _figure(value, ""), moments.whole(at)),
                )


def _stairs(places: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    yield from places[:1]
    for (_, before), (x, y) in pairwise(places):
        yield from ((x, before), (x, y))


def _path(places: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in places) if places else ""


def _bars(frame: _Frame, lines: Sequence[_Line]) -> Iterator[Markup]:
    slot = frame.x(frame.start + _gap(lines)) - frame.left
    width = min(slot * 0.72, 64.0) / len(lines)
    for number, line in enumerate(lines, 1):
        shift = width * (number - 1 - len(lines) / 2)
        for at, value in line.points:
            top, foot = sorted((frame.y(value), frame.y(Decimal(0))))
            yield Markup(
                '<rect class="plot-bar series-{}" x="{}" y="{}" width="{}" height="{}">'
                "<title>{}: {}, {}</title></rect>"
            ).format(
                *(number, _n(frame.x(at) + shift), _n(top), _n(max(width - 1, 0.5))),
                *(_n(foot - top), line.name, _figure(value, ""), moments.whole(at)),
            )


def _n(value: float) -> str:
    """Return a coordinate of one decimal: finer ones are bytes that nobody sees."""
    return f"{value:.1f}".removesuffix(".0")
