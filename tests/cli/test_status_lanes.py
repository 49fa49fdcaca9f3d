"""The lanes on `status`: what failed last, and how long ago."""

from typing import Any

import pytest

from bridge.cli.status import _lane


@pytest.mark.parametrize(
    ("error", "age", "told"),
    [("", None, None), ("http_500: oh no", 180.0, "3 min ago: http_500: oh no")],
)
def test_an_error_beside_an_open_lane_says_how_long_ago_it_was(
    error: str, age: float | None, told: str | None
) -> None:
    lane: dict[str, Any] = {
        "campaign": "camp_1",
        "paused": None,
        "waiting": 0.0,
        "next_probe_in": None,
        "in_flight": 0,
        "limit": 3,
        "last_error": error,
        "last_error_age": age,
    }

    assert _lane(lane)[-1] == told
