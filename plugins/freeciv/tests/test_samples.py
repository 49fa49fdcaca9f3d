"""Every sample gives its events."""

from pathlib import Path

from bridge_adapter_freeciv import SPEC

from bridge.testing import check_samples

HERE = Path(__file__).parent


def test_every_sample_gives_its_events() -> None:
    check_samples(SPEC, HERE / "samples")


def test_what_the_server_prints_is_read_where_the_option_says_so() -> None:
    check_samples(SPEC, HERE / "console", options={"console": True})


def test_players_led_by_the_computer_count_where_the_option_says_so() -> None:
    check_samples(SPEC, HERE / "ai", options={"ai": True})
