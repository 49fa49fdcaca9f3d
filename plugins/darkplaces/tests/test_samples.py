"""Every sample gives its events."""

from pathlib import Path

from bridge_adapter_darkplaces import SPEC

from bridge.testing import check_samples

HERE = Path(__file__).parent

EVERYTHING = {"events": ["kills", "flags", "matches", "deaths"]}


def test_every_sample_gives_its_events() -> None:
    check_samples(SPEC, HERE / "samples", options=EVERYTHING)


def test_without_options_deaths_are_left_out() -> None:
    check_samples(SPEC, HERE / "defaults", options={"timezone": "Europe/Berlin"})
