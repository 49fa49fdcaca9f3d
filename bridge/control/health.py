"""Is it alive, is it ready, and its numbers: what supervisors and Prometheus ask.

In: the desk's status and the rooms' own words. Out: /healthz, /readyz, /metrics. A reason is a
stable code; its detail is shown only to callers that may read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import generate_latest
from prometheus_client.core import (
    CollectorRegistry,
    CounterMetricFamily,
    GaugeMetricFamily,
    Metric,
)

from bridge.control.desk import Desk
from bridge.control.views import Json
from bridge.gate.guard import ROLE, require
from bridge.gate.roles import Right


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the daemon is not ready (`blocking`), or works less well than it should."""

    code: str
    detail: str
    blocking: bool = False


Reasons = Callable[[], Sequence[Reason]]

RELOAD_REFUSED = "reload-refused"


def reload_refused(why: str) -> Reason:
    """Return the reason of a daemon whose settings can't be read again."""
    detail = f"the settings before it stay, and a restart would fail: {why}"
    return Reason(RELOAD_REFUSED, detail)


def alive() -> list[web.RouteDef]:
    """Return the call that says only that somebody is here."""

    async def healthz(request: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    return [web.get("/healthz", healthz)]


def routes(desk: Desk, reasons: Reasons) -> list[web.RouteDef]:
    """Return the calls for supervisors."""

    async def readyz(request: web.Request) -> web.Response:
        found = [*reasons(), *ledger_reasons(await desk.status())]
        role = request.get(ROLE)
        ready = not any(reason.blocking for reason in found)
        if role is not None and role.may(Right.READ):
            told: list[Json] = [{"code": r.code, "detail": r.detail} for r in found]
        else:
            told = [{"code": reason.code} for reason in found]
        status = 200 if ready else 503
        return web.json_response({"ready": ready, "reasons": told}, status=status)

    async def metrics(request: web.Request) -> web.Response:
        status = await desk.status()
        text = generate_latest(_Numbers(status, [*reasons(), *ledger_reasons(status)]))
        return web.Response(body=text, headers={"Content-Type": "text/plain; version=0.0.4"})

    return [
        *alive(),
        web.get("/readyz", readyz),
        web.get("/metrics", require(Right.READ)(metrics)),
    ]


class _Numbers(CollectorRegistry):
    """A registry that holds one moment's numbers."""

    def __init__(self, status: Json, reasons: Sequence[Reason]) -> None:
        super().__init__()
        self._status = status
        self._reasons = reasons

    def collect(self) -> list[Metric]:
        entries = GaugeMetricFamily(
            "campaign_bridge_entries", "Entries by state.", labels=["campaign", "state"]
        )
        oldest = GaugeMetricFamily(
            "campaign_bridge_oldest_due_seconds",
            "Age of the oldest due entry.",
            labels=["campaign"],
        )
        ready = GaugeMetricFamily(
            "campaign_bridge_not_ready", "1 for each reason in force.", labels=["code"]
        )
        for lane in self._status["campaigns"]:
            for state, n in lane["entries"].items():
                entries.add_metric([lane["campaign"], state], n)
            oldest.add_metric([lane["campaign"]], lane["oldest_due_seconds"] or 0)
        numbers = _MoneyNumbers()
        for lane in self._status["campaigns"]:
            numbers.add(lane)
        for code in dict.fromkeys(reason.code for reason in self._reasons):
            ready.add_metric([code], 1)
        return [entries, oldest, ready, *numbers.metrics, *_counters(self._status)]


class _MoneyNumbers:
    """What each campaign's payouts look like."""

    def __init__(self) -> None:
        self._unpaid = GaugeMetricFamily(
            "campaign_bridge_oldest_unpaid_seconds",
            "Age of the oldest accepted entry that no payout proves; 0 where none ever could.",
            labels=["campaign"],
        )
        self._drift = GaugeMetricFamily(
            "campaign_bridge_paid_out_drift_tokens",
            "How much the API's paid-out total is beside our ledger, in token units.",
            labels=["campaign", "direction"],
        )
        self._held = GaugeMetricFamily(
            "campaign_bridge_held", "Held entries by reason.", labels=["campaign", "reason"]
        )
        self._shadow = GaugeMetricFamily(
            "campaign_bridge_shadow_cost_tokens",
            "What the entries of shadow mode would have cost, in token units.",
            labels=["campaign"],
        )
        self.metrics: list[Metric] = [self._unpaid, self._drift, self._held, self._shadow]

    def add(self, lane: Json) -> None:
        """Add one campaign's numbers."""
        name = lane["campaign"]
        waited = lane["oldest_unpaid_seconds"] if lane.get("confirms", True) else None
        self._unpaid.add_metric([name], waited or 0)
        self._shadow.add_metric([name], float(lane["shadow_cost"]))
        for reason, n in lane["held"].items():
            self._held.add_metric([name, reason], n)
        for direction in ("excess", "shortfall") if lane["drift"] is not None else ():
            self._drift.add_metric([name, direction], float(lane["drift"][direction]))


def _counters(status: Json) -> list[Metric]:
    webhooks = CounterMetricFamily(
        "campaign_bridge_webhooks",
        "Webhooks by what became of them; refused ones by the error's code.",
        labels=["became"],
    )
    for became, n in status.get("webhooks", {}).items():
        webhooks.add_metric([became], n)
    return [webhooks]


def ledger_reasons(status: Json) -> list[Reason]:
    """Return what an operator has to look at in the ledger: none of it keeps anybody out."""
    found = []
    quarantine = status["ledger"]["quarantine"]
    if quarantine:
        hint = "`campaign-bridge reconcile`, then `campaign-bridge outbox release --quarantine`"
        found.append(Reason("quarantine", f"{quarantine}; {hint}"))
    lag = status.get("payout_lag")
    for lane in status["campaigns"]:
        found += _lane_reasons(lane, lag)
    return found


def _lane_reasons(lane: Json, lag: float | None) -> list[Reason]:
    name, found = lane["campaign"], []
    drift = lane["drift"]
    if drift is not None and (float(drift["excess"]) or float(drift["shortfall"])):
        detail = f"{drift['excess']} more, {drift['shortfall']} less than the ledger explains"
        found.append(Reason("paid-out-drift", f"{name}: the API has paid {detail}"))
    waited = lane["oldest_unpaid_seconds"]
    if lag is not None and waited is not None and waited > lag and lane.get("confirms", True):
        detail = f"accepted {round(waited / 3600, 1)} hours ago and not seen to be paid"
        found.append(Reason("payouts-overdue", f"{name}: the oldest was {detail}"))
    if lane["held"].get("shadow") and not lane.get("shadow", False):
        detail = f"{lane['held']['shadow']} entries of shadow mode wait for release or forget"
        found.append(Reason("shadow-left", f"{name}: {detail}"))
    return found
