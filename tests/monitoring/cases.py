"""What makes each alert fire: series as promtool writes them, a sample a minute.

The daemon is otherwise well: `CALM` are its series, and only what a case says differs.
"""

from typing import Final, NamedTuple

#: A scraped daemon where nothing is wrong.
CALM: Final = {
    'up{job="campaign-bridge"}': "1x1500",
    "campaign_bridge_ready": "1x1500",
    'process_start_time_seconds{job="campaign-bridge"}': "0x1500",
    'campaign_bridge_lane_open{campaign="c"}': "1x1500",
    "campaign_bridge_time_seconds": "0+60x1500",
    'campaign_bridge_reason{code="lane-starting"}': "1x1500",
    'campaign_bridge_lane_paused{campaign="c",reason="starting"}': "1x1500",
    'campaign_bridge_entries{campaign="c",state="uncertain"}': "0x1500",
    'campaign_bridge_entries{campaign="c",state="dead"}': "0x1500",
    'campaign_bridge_entries{campaign="c",state="due"}': "9x1500",
    'campaign_bridge_held_entries{campaign="c",reason="unlinked"}': "9x1500",
    'campaign_bridge_paid_out_drift_tokens{campaign="c",direction="excess"}': "0x1500",
    'campaign_bridge_busy_seconds{part="writer"}': "0x1500",
    'campaign_bridge_source_lag_bytes{source="s"}': "4096x1500",
}


class Case(NamedTuple):
    """An alert, the series that make it fire, and the minutes at which it does and doesn't yet."""

    alert: str
    series: dict[str, str]
    fires: int
    not_yet: int | None = None


def _attempts(retried: int, accepted: int) -> dict[str, str]:
    name = 'campaign_bridge_delivery_attempts_total{campaign="c",outcome="%s"}'
    return {
        name % "retry": f"0+{retried}x1500",
        name % "accepted": f"0+{accepted}x1500",
    }


def _door(rejected: int, received: int) -> dict[str, str]:
    return {
        'campaign_bridge_intake_rejected_total{door="http",code="message-rejected"}': (
            f"0+{rejected}x1500"
        ),
        'campaign_bridge_intake_received_total{door="http"}': f"0+{received}x1500",
    }


def _commits(fast: int, slow: int) -> dict[str, str]:
    name = 'campaign_bridge_commit_duration_seconds_bucket{le="%s"}'
    return {
        name % "0.1": f"0+{fast}x1500",
        name % "1.0": f"0+{fast + slow}x1500",
        name % "+Inf": f"0+{fast + slow}x1500",
    }


def _sudden(series: str) -> dict[str, str]:
    """Return a counter that rises by 9 after half an hour."""
    return {series: "0x30 9x1500"}


DRIFT = 'campaign_bridge_paid_out_drift_tokens{campaign="c",direction="excess"}'

FIRING: Final = (
    Case("CampaignBridgeNotScraped", {'up{job="campaign-bridge"}': "0x1500"}, 6, 4),
    Case("CampaignBridgeNotScraped", {'up{job="campaign-bridge"}': "_x1500"}, 6, 4),
    Case(
        "CampaignBridgeRestarts",
        {'process_start_time_seconds{job="campaign-bridge"}': "0 1 2 3 4x1500"},
        6,
        2,
    ),
    Case("CampaignBridgeNotReady", {"campaign_bridge_ready": "0x1500"}, 2, 0),
    Case("CampaignBridgeStuck", {'campaign_bridge_busy_seconds{part="writer"}': "0+60x1500"}, 4, 1),
    Case("CampaignBridgeClockWrong", {"campaign_bridge_time_seconds": "40+60x1500"}, 6, 4),
    Case("CampaignBridgeClockWrong", {"campaign_bridge_ledger_ahead_seconds": "90x1500"}, 6, 4),
    Case(
        "CampaignBridgeDegraded",
        {'campaign_bridge_reason{code="reload-refused"}': "1x1500"},
        16,
        14,
    ),
    Case(
        "CampaignBridgeFilesRunOut",
        {
            'process_open_fds{job="campaign-bridge"}': "900x1500",
            'process_max_fds{job="campaign-bridge"}': "1024x1500",
        },
        11,
        9,
    ),
    Case("CampaignBridgeQuarantine", {"campaign_bridge_quarantine": "0 1x1500"}, 1, 0),
    Case("CampaignBridgePaidOutDrift", {DRIFT: "0.5x1500"}, 31, 29),
    Case(
        "CampaignBridgeUncertain",
        {'campaign_bridge_entries{campaign="c",state="uncertain"}': "1x1500"},
        16,
        14,
    ),
    Case(
        "CampaignBridgeDead", {'campaign_bridge_entries{campaign="c",state="dead"}': "1x1500"}, 6, 4
    ),
    Case(
        "CampaignBridgePayoutsOverdue",
        {'campaign_bridge_payouts_overdue{campaign="c"}': "1x1500"},
        16,
        14,
    ),
    Case(
        "CampaignBridgeOldestDue",
        {'campaign_bridge_oldest_due_seconds{campaign="c"}': "0+60x1500"},
        22,
        20,
    ),
    Case(
        "CampaignBridgeLanePaused",
        {
            'campaign_bridge_lane_paused{campaign="c",reason="key_refused"}': "1x1500",
            'campaign_bridge_lane_open{campaign="c"}': "0x1500",
            # It waits for the lane: one alert for one trouble.
            'campaign_bridge_oldest_due_seconds{campaign="c"}': "0+60x1500",
        },
        60,
        9,
    ),
    Case(
        "CampaignBridgePausedByHand",
        {'campaign_bridge_lane_paused{campaign="c",reason="operator_pause"}': "1x1500"},
        1441,
        1439,
    ),
    Case("CampaignBridgeDeliveryFails", _attempts(6, 4), 30, 10),
    Case(
        "CampaignBridgeHeld",
        {'campaign_bridge_held_entries{campaign="c",reason="event_not_configured"}': "1x1500"},
        31,
        29,
    ),
    Case(
        "CampaignBridgeHistoryUnread",
        {
            'campaign_bridge_confirm_looks_failed_total{campaign="c"}': "0+1x1500",
            'campaign_bridge_confirm_looks_total{campaign="c"}': "5x1500",
        },
        70,
        50,
    ),
    Case(
        "CampaignBridgeWebhooksRefused",
        _sudden('campaign_bridge_webhooks_total{became="signature-refused"}'),
        32,
        29,
    ),
    Case("CampaignBridgeRejected", _door(5, 20), 30, 10),
    Case(
        "CampaignBridgeDatagramsDropped",
        _sudden('campaign_bridge_udp_dropped_total{door="udp"}'),
        32,
        29,
    ),
    Case("CampaignBridgeSourceStuck", {'campaign_bridge_source_stuck{source="s"}': "1x1500"}, 6, 4),
    Case(
        "CampaignBridgeSourceLag",
        {'campaign_bridge_source_lag_bytes{source="s"}': "2000000x1500"},
        11,
        9,
    ),
    Case("CampaignBridgeAside", _sudden('campaign_bridge_source_aside_total{source="s"}'), 32, 29),
    Case(
        "CampaignBridgeCountersPassedOver",
        _sudden('campaign_bridge_counters_passed_over_total{reason="counter_needs_id"}'),
        32,
        29,
    ),
    Case("CampaignBridgeDiskFull", {"campaign_bridge_outbox_refusing": "0 1x1500"}, 1, 0),
    Case(
        "CampaignBridgeDiskLow",
        {
            "campaign_bridge_outbox_disk_free_bytes": "1000000000x1500",
            "campaign_bridge_outbox_disk_bytes": "100000000000x1500",
        },
        11,
        9,
    ),
    Case("CampaignBridgeCommitSlow", _commits(80, 20), 20, 9),
    Case("CampaignBridgeCommitFails", _sudden("campaign_bridge_commit_failures_total"), 32, 29),
)

#: What looks like trouble and is none: nothing fires.
QUIET: Final = (
    {},
    _attempts(1, 9),
    _door(1, 99),
    _commits(999, 1),
    # Two starts in half an hour are an upgrade.
    {'process_start_time_seconds{job="campaign-bridge"}': "0 1 2x1500"},
    # A clock that is a second off, as clocks are.
    {"campaign_bridge_time_seconds": "1+60x1500"},
)
