"""What a plugin's tests need: samples checked, a road to payouts, a hostile world, a clock.

In: an adapter's spec, samples, lines of a log. Out: failures that say what differs. Knows nothing
of pytest; any test runner will do.

    from bridge.testing import check_samples

    def test_every_sample_gives_its_events():
        check_samples(SPEC, Path(__file__).parent / "samples")
"""

from bridge.testing.clock import START, FakeClock
from bridge.testing.hostile import damaged, hostile_bytes, hostile_names
from bridge.testing.road import Payout, Refusal, Road
from bridge.testing.samples import check_samples

__all__ = [
    "START",
    "FakeClock",
    "Payout",
    "Refusal",
    "Road",
    "check_samples",
    "damaged",
    "hostile_bytes",
    "hostile_names",
]
