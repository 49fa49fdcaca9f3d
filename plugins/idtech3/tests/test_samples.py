"""Every sample gives its events."""

from pathlib import Path

from bridge_adapter_idtech3 import SPEC

from bridge.testing import check_samples

HERE = Path(__file__).parent

EVERYTHING = {"events": ["awards", "flags", "kills", "matches", "deaths"]}


def test_every_sample_gives_its_events() -> None:
    check_samples(SPEC, HERE / "samples", options=EVERYTHING)


def test_without_options_deaths_are_left_out_and_the_clock_is_utc() -> None:
    check_samples(SPEC, HERE / "defaults")


def test_the_servers_clock_is_read_in_its_timezone() -> None:
    check_samples(SPEC, HERE / "berlin", options={"timezone": "Europe/Berlin"})
