"""Every sample gives its events."""

from pathlib import Path

from bridge_adapter_source import SPEC

from bridge.testing import check_samples

HERE = Path(__file__).parent


def test_every_sample_gives_its_events() -> None:
    check_samples(SPEC, HERE / "samples")
