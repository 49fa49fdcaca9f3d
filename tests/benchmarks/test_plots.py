"""Plots of curves, as SVG."""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

import pytest

from benchmarks.contract import Curve
from benchmarks.plots import PLOTS, Undrawable, draw

CURVES = [
    Curve("backlog", "ours", [0, 1e6, 1e7], [15e3, 14e3, 9e3]),
    Curve("backlog", "raw", [0, 1e6, 1e7], [25e3, 24e3, 19e3]),
    Curve("Callers of UDP, ours", "ours", [1.0], [3.0]),
]


def test_each_plot_has_its_curves_and_its_axes_by_name() -> None:
    drawn = draw(CURVES)

    assert list(drawn) == ["backlog", "callers-of-udp-ours"]
    for word in ("ours", "raw", PLOTS["backlog"].title, PLOTS["backlog"].x, PLOTS["backlog"].y):
        assert f">{word}</text>" in drawn["backlog"]
    assert ">Callers of UDP, ours</text>" in drawn["callers-of-udp-ours"]


def test_the_same_curves_make_the_same_bytes_of_svg() -> None:
    drawn = draw(CURVES)

    assert drawn == draw(CURVES)
    assert {ET.fromstring(svg).tag for svg in drawn.values()} == {  # noqa: S314  # ours
        "{http://www.w3.org/2000/svg}svg"
    }


def test_no_curves_make_no_plots() -> None:
    assert draw([]) == {}


def test_a_logarithm_has_a_place_for_nothing() -> None:
    assert "callers" in draw([Curve("callers", "ours", [0, 64], [1, 2])])


@pytest.mark.parametrize(("x", "y"), [([], []), ([1.0], [1.0, 2.0]), ([1.0], [float("nan")])])
def test_a_curve_that_cannot_be_drawn_is_named(x: Sequence[float], y: Sequence[float]) -> None:
    with pytest.raises(Undrawable, match="'mine' of the plot 'latency'"):
        draw([Curve("latency", "mine", x, y)])


def test_the_tail_of_a_distribution_has_a_mark_for_each_nine() -> None:
    drawn = draw([Curve("latency", "ours", [0.5, 1, 2, 8], [0, 50, 99.9, 100])])

    for mark in ("50", "90", "99", "99.9", "99.99"):
        assert f">{mark}</text>" in drawn["latency"]
