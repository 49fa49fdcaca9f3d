import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.look.plot import Kind, Number, Plot, Series, plot

START = datetime(2026, 11, 23, tzinfo=UTC)
KINDS: tuple[Kind, ...] = ("line", "step", "bars")
SVG = "{http://www.w3.org/2000/svg}"
NAMED = f'<svg xmlns="{SVG[1:-1]}" '


def series(*values: Number, name: str = "Paid") -> Series:
    return Series(name, [(START + timedelta(days=n), value) for n, value in enumerate(values)])


def drawn(plotted: Plot) -> Sequence[ET.Element]:
    """Return the drawings; that they are read as XML shows that nothing in them is broken."""
    return [
        ET.fromstring(str(svg).replace("<svg ", NAMED, 1))  # noqa: S314 - our own drawing
        for svg in (plotted.wide, plotted.narrow)
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_series_give_the_same_bytes(kind: Kind) -> None:
    first, second = (plot([series(3, Decimal("4.5"), 2.25)], title="T", kind=kind) for _ in "ab")

    assert first == second


@pytest.mark.parametrize("kind", KINDS)
def test_no_values_are_an_empty_plot(kind: Kind) -> None:
    plotted = plot([Series("Paid", [])], title="T", kind=kind)

    assert plotted.empty
    assert plotted.wide == plotted.narrow == ""
    assert "no values" in plotted.description


@pytest.mark.parametrize("kind", KINDS)
def test_one_point_is_a_plot(kind: Kind) -> None:
    wide, narrow = drawn(plot([series(7)], title="T", kind=kind))

    shape = f"{SVG}rect" if kind == "bars" else f"{SVG}circle"
    assert len(wide.findall(shape)) == len(narrow.findall(shape)) == 1


@pytest.mark.parametrize("kind", KINDS)
@given(
    values=st.lists(
        st.one_of(
            st.integers(-(10**9), 10**9),
            st.floats(-1e9, 1e9),
            st.decimals(-(10**9), 10**9, allow_nan=False),
        ),
        max_size=12,
    )
)
def test_everything_that_is_drawn_is_inside_the_drawing(kind: Kind, values: list[Number]) -> None:
    plotted = plot([series(*values)], title="T", kind=kind)

    for svg in drawn(plotted) if values else []:
        width, height = map(float, svg.attrib["viewBox"].split()[2:])
        for shape in svg.iter():
            for name, most in (("x", width), ("cx", width), ("y", height), ("cy", height)):
                assert 0 <= float(shape.attrib.get(name, 0)) <= most
        for path in svg.findall(f"{SVG}path"):
            places = [float(text) for text in re.findall(r"-?\d+(?:\.\d+)?", path.attrib["d"])]
            assert all(0 <= place <= width for place in places)


def test_a_screen_reader_hears_the_title_and_the_range() -> None:
    wide, narrow = drawn(plot([series(3, 12)], title="Payouts", unit="USDC", identity="pay"))

    told = [svg.findtext(f"{SVG}desc") for svg in (wide, narrow)]
    ids = [svg.attrib["aria-labelledby"] for svg in (wide, narrow)]
    assert wide.findtext(f"{SVG}title") == "Payouts"
    assert ids == ["pay-wide-title pay-wide-text", "pay-narrow-title pay-narrow-text"]
    assert told[0] == told[1]
    assert told[0] == (
        "From 23 Nov 2026, 00:00 UTC to 24 Nov 2026, 00:00 UTC; "
        "lowest 3.00 USDC, highest 12.00 USDC."
    )


def test_the_table_says_what_the_drawing_shows() -> None:
    other = Series("Failed", [(START, 1)])
    plotted = plot([series(Decimal("2.50"), 3), other], title="T")

    assert plotted.columns == ("Paid", "Failed")
    assert plotted.rows == (
        (START, ("2.50", "1")),
        (START + timedelta(days=1), ("3", None)),
    )


def test_a_float_is_told_by_its_own_digits() -> None:
    assert plot([series(0.1)], title="T").rows[0][1] == ("0.1",)


def test_steps_hold_a_value_until_the_next() -> None:
    wide, _ = drawn(plot([series(0, 10)], title="T", kind="step"))
    path = wide.find(f"{SVG}path")

    assert path is not None
    places = [place.split() for place in path.attrib["d"][1:].split("L")]
    assert [place[1] for place in places] == ["232", "232", "12"]
    assert places[1][0] == places[2][0]


def test_a_bar_below_zero_hangs_from_the_line_of_zero() -> None:
    wide, _ = drawn(plot([series(4, -4)], title="T", kind="bars"))
    above, below = wide.findall(f"{SVG}rect")
    zero = wide.find(f"{SVG}line[@class='plot-grid plot-zero']")

    assert zero is not None
    assert float(above.attrib["y"]) + float(above.attrib["height"]) == float(zero.attrib["y1"])
    assert below.attrib["y"] == zero.attrib["y1"]


def test_points_in_any_order_are_drawn_in_the_order_of_time() -> None:
    points = list(series(1, 2, 3).points)

    assert plot([Series("Paid", points[::-1])], title="T") == plot([series(1, 2, 3)], title="T")


def test_a_drawing_has_no_style_of_its_own_and_no_hostile_markup() -> None:
    plotted = plot([series(1, 2, name="</svg><script>x\u202e")], title="<b>", kind="bars")

    assert drawn(plotted)
    for svg in (plotted.wide, plotted.narrow):
        assert "style=" not in svg
        assert "<script" not in svg
        assert "\u202e" not in svg


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), Decimal("NaN")])
def test_a_value_that_is_no_finite_number_is_refused(wrong: Number) -> None:
    with pytest.raises(ValueError, match="finite"):
        plot([series(1, wrong)], title="T")


def test_more_series_than_the_style_sheet_tells_apart_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 4"):
        plot([series(1)] * 5, title="T")


def test_a_long_line_has_no_dots() -> None:
    wide, _ = drawn(plot([series(*range(200))], title="T"))

    assert wide.findall(f"{SVG}circle") == []
