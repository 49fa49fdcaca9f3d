"""What a running bridge says of itself: for `status`, readiness and metrics.

In: its rooms. Out: facts and reasons, as plain values. Changes nothing.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from bridge.adapters.registry import Registry
from bridge.control.health import Reason, reload_refused
from bridge.control.stopped import way_out
from bridge.control.views import Json, when
from bridge.daemon.checking import checked_view
from bridge.daemon.sources import Sources
from bridge.delivery.confirm import ConfirmStatus, Readable
from bridge.delivery.confirmers import Confirmers
from bridge.delivery.lane import LaneStatus
from bridge.delivery.lanes import Lanes
from bridge.intake.counts import Counts
from bridge.intake.listen import Bound
from bridge.intake.udp import UdpDoor
from bridge.outbox.archive.checking import Check
from bridge.pipeline import Pipeline
from bridge.settings.files import is_credential
from bridge.settings.models import Settings
from bridge.settings.units import APP, as_service
from bridge.sqlite.database import Database


def loop_name() -> str:
    """Return what turns this process: `asyncio` or `uvloop`."""
    return type(asyncio.get_running_loop()).__module__.partition(".")[0]


@dataclass(slots=True)
class Report:
    """The rooms that are asked; `udp` and `bound` are known once they listen."""

    config: Path
    settings: Settings
    started: datetime
    database: Database
    check: Check
    lanes: Lanes
    confirmers: Confirmers
    webhooks: Counter[str]
    registry: Registry
    pipeline: Pipeline
    http_counts: Counts
    #: Why the last reload was refused; the daemon then runs with the settings before it.
    reload_refused: str | None = None
    #: Sections whose new settings only a restart puts in force, and the doors that systemd holds.
    needs_restart: Sequence[str] = ()
    held: Sequence[str] = ()
    udp: UdpDoor | None = None
    sources: Sources | None = None
    bound: Bound = field(default_factory=Bound)
    #: The listeners of their own, empty where there are none.
    webhooks_bound: Bound = field(default_factory=Bound)
    page_bound: Bound = field(default_factory=Bound)

    def facts(self) -> Json:
        """Return what only a running daemon knows."""
        return {
            "daemon": {
                "pid": os.getpid(),
                "loop": loop_name(),
                "version": version(APP),
                "started_at": self.started.isoformat(timespec="seconds"),
                "config": str(self.config),
                "http": _told(self.bound),
                "unix": list(map(str, self.bound.unix)),
                "webhooks": _told(self.webhooks_bound),
                "link_page": _told(self.page_bound),
                "udp": None if self.udp is None else "{}:{}".format(*self.udp.address),
                "held_by_systemd": list(self.held),
                "needs_restart": list(self.needs_restart),
                "commits": self.database.commits,
                "jobs_committed": self.database.jobs_committed,
            },
            "outbox": str(self.database.path),
            "outbox_check": checked_view(self.check),
            "lanes": self.lane_views(),
            "reasons": [asdict(reason) for reason in self.reasons()],
            "confirming": [_confirm_view(status) for status in self.confirmers.statuses()],
            "by_campaign": self._by_campaign(),
            "webhooks": dict(self.webhooks),
            "payout_lag": self.settings.confirm.payout_lag.total_seconds(),
            "intake": self._intake(),
            "sources": [] if self.sources is None else self.sources.views(),
        }

    def lane_views(self) -> list[Json]:
        """Return how each lane stands."""
        return [
            {**_lane_view(status), "as_service": self._as_service(status.campaign)}
            for status in self.lanes.statuses()
        ]

    def _as_service(self, campaign: str) -> str | None:
        """Return what runs a command that needs a key which only the service is given."""
        held = any(
            each.id == campaign and is_credential(each.api_key_file)
            for each in self.settings.campaigns
        )
        return as_service(self.config) if held else None

    def _by_campaign(self) -> Json:
        """Say of each campaign whether it only pretends, and whether anything can confirm."""
        known = {status.campaign: _confirm_view(status) for status in self.confirmers.statuses()}
        return {
            campaign.id: {
                "shadow": campaign.shadow,
                "confirms": bool(campaign.webhook_secret_files)
                or known.get(campaign.id, {}).get("history") in {Readable.OK, Readable.UNREADABLE},
                "paid_before": known.get(campaign.id, {}).get("paid_before"),
            }
            for campaign in self.settings.campaigns
        }

    def _intake(self) -> Json:
        doors = {"http": self.http_counts}
        if self.udp is not None:
            doors["udp"] = self.udp.counts
        told: Json = {name: _counts_view(counts) for name, counts in doors.items()}
        return {**told, "differing": self.pipeline.differing}

    def reasons(self) -> Sequence[Reason]:
        """Return why the daemon is not ready, or works less well than it should."""
        return [
            *self._store_reasons(),
            *self._lane_reasons(),
            *self._adapter_reasons(),
            *self._door_reasons(),
            *([] if self.sources is None else self.sources.reasons()),
        ]

    def _store_reasons(self) -> list[Reason]:
        full = self.database.growth_refused()
        if full is not None:
            return [Reason("store-full", full, blocking=True)]
        if self.database.trouble is not None:
            return [Reason("store-unavailable", self.database.trouble, blocking=True)]
        return []

    def _lane_reasons(self) -> list[Reason]:
        return [
            Reason(
                f"lane-{lane.paused.replace('_', '-')}",
                f"{lane.campaign}: {lane.detail}; "
                f"{way_out(lane.paused, self._as_service(lane.campaign))}",
            )
            for lane in self.lanes.statuses()
            if lane.paused is not None
        ]

    def _adapter_reasons(self) -> list[Reason]:
        return [
            Reason("adapter-failed", f"{failure.plugin}: {failure.error}")
            for failure in self.registry.failures
        ]

    def _door_reasons(self) -> list[Reason]:
        found = []
        if self.reload_refused is not None:
            found.append(reload_refused(self.reload_refused))
        if self.udp is not None and self.udp.buffer_cut is not None:
            asked = self.settings.udp.receive_buffer
            detail = f"the kernel gave {self.udp.buffer_cut} of {asked} bytes"
            found.append(Reason("udp-buffer-cut", f"{detail}; {buffer_hint('udp' in self.held)}"))
        if self.settings.http.unsafe_no_token:
            found.append(Reason("unsafe-no-token", "any local user can pay out money"))
        return found


def buffer_hint(held: bool) -> str:
    """Say what makes a receive buffer larger, as it is ours or systemd's."""
    return "set ReceiveBuffer= in its socket unit" if held else "raise net.core.rmem_max"


def _counts_view(counts: Counts) -> Json:
    return {
        "received": counts.received,
        "stored": counts.stored,
        "duplicates": counts.duplicates,
        "rejected": dict(counts.rejected),
        "unsent": counts.unsent,
    }


def _confirm_view(status: ConfirmStatus) -> Json:
    before = None if status.paid_before is None else str(status.paid_before)
    return {**asdict(status), "last_look_at": when(status.last_look_at), "paid_before": before}


def _told(bound: Bound) -> list[str]:
    return [f"{host}:{port}" for host, port in bound.tcp]


def _lane_view(lane: LaneStatus) -> Json:
    view: Json = asdict(lane)
    if lane.standing is not None:  # money as text: JSON's numbers are floats to many readers
        view["standing"] = {
            name: value if value is None else str(value)
            for name, value in asdict(lane.standing).items()
        }
    return view
