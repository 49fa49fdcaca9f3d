"""A status where everything is in use, what a daemon measures beside it, and numbers read back."""

from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from bridge.control.metrics.measured import Buffer, Measured, Store
from bridge.sqlite.space import Room
from bridge.timing import CALLS, COMMITS, Histogram
from tests.outbox.play import CAMPAIGN

AT = "2026-01-01T00:00:00.000Z"

LANE: dict[str, Any] = {
    "campaign": CAMPAIGN,
    "entries": {"accepted": 2, "held": 1},
    "amounts": {"accepted": "0.5"},
    "held": {"unlinked": 1},
    "fenced": 0,
    "oldest_due_seconds": None,
    "oldest_unpaid_seconds": 12.0,
    "oldest_uncertain_seconds": None,
    "shadow_cost": "0",
    "link_sessions": {"pending": 1},
    "pause": None,
    "drift": {"paid_out": "3", "excess": "1", "shortfall": "0"},
    "confirms": True,
}

COUNTS = {"received": 3, "stored": 1, "duplicates": 1, "rejected": {"no-rule": 1}, "unsent": 0}

SOURCE: dict[str, Any] = {
    "name": "arena",
    "adapter": "idtech3",
    "way": "file",
    "counts": {
        "messages": 9,
        "events": 3,
        "entries": 1,
        "duplicates": 1,
        "counted": 0,
        "not_replayed": 0,
        "no_rule": 1,
        "rejected": 0,
        "aside": 0,
        "figures": {"players": 4},
    },
    "following": {
        "behind": 80,
        "lines": 9,
        "rotations": 0,
        "rewritten": 0,
        "too_long": 0,
        "last_line_at": AT,
        "trouble": None,
    },
    "state_files": None,
    "udp": {"address": "127.0.0.1:1", "received": 2, "rejected": {"foreign-sender": 1}},
}

STATUS: dict[str, Any] = {
    "daemon": {"jobs_committed": 5},
    "outbox_check": {"progress": 0.4, "whole_at": None, "words": "checked 40%"},
    "ledger": {"sequence": 7, "quarantine": None},
    "campaigns": [LANE],
    "lanes": [
        {
            "campaign": CAMPAIGN,
            "paused": "key_refused",
            "outcomes": {"accepted": 2, "unproven": 1},
            "in_flight": 0,
            "limit": 2,
            "waiting": 0.0,
            "rests": 0,
        }
    ],
    "confirming": [
        {"campaign": CAMPAIGN, "looks": 2, "failed": 1, "confirmed": 1, "last_look_at": AT}
    ],
    "webhooks": {"confirmed": 1, "signature-refused": 2},
    "payout_lag": 3600.0,
    "intake": {"http": COUNTS, "udp": COUNTS, "differing": 0},
    "sources": [SOURCE],
}


def measured() -> Measured:
    """Return what a daemon would measure."""
    room = Room(4096, 0, 1024, refusing=False, free=10_000, disk=20_000)
    store = Store(Histogram(COMMITS), 0, 0, 0, 0.0, lambda: room)
    return Measured(
        "0.1.0",
        1_767_225_600.0,
        0.0,
        store,
        attempts={CAMPAIGN: Histogram(CALLS)},
        rounds={CAMPAIGN: 0.0},
        buffers={"udp": Buffer(100, 400, 7)},
        confirmed_by_webhook={CAMPAIGN: 1},
        passed_over={"counter_needs_id": 1},
    )


def samples(text: bytes) -> dict[tuple[str, tuple[str, ...]], float]:
    """Return our samples by name, without prefix and `_total`, and labels; none comes twice."""
    found: dict[tuple[str, tuple[str, ...]], float] = {}
    for family in text_string_to_metric_families(text.decode()):
        assert family.documentation
        for sample in family.samples:
            if sample.name.startswith("campaign_bridge_"):
                short = sample.name.removeprefix("campaign_bridge_").removesuffix("_total")
                place = (short, tuple(sample.labels.values()))
                assert place not in found
                found[place] = sample.value
    return found
