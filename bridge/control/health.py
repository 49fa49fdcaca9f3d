"""Is it alive, is it ready, and its numbers: what supervisors and Prometheus ask.

In: the desk's status and the rooms' own words. Out: /healthz, /readyz, /metrics. A reason is a
stable code; its detail is shown only to callers that may read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import generate_latest
from prometheus_client.core import CollectorRegistry, GaugeMetricFamily, Metric

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


def routes(desk: Desk, reasons: Reasons) -> list[web.RouteDef]:
    """Return the calls for supervisors."""

    async def healthz(request: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def readyz(request: web.Request) -> web.Response:
        found = reasons()
        role = request.get(ROLE)
        ready = not any(reason.blocking for reason in found)
        if role is not None and role.may(Right.READ):
            told: list[Json] = [{"code": r.code, "detail": r.detail} for r in found]
        else:
            told = [{"code": reason.code} for reason in found]
        status = 200 if ready else 503
        return web.json_response({"ready": ready, "reasons": told}, status=status)

    async def metrics(request: web.Request) -> web.Response:
        text = generate_latest(_Numbers(await desk.status(), reasons()))
        return web.Response(body=text, headers={"Content-Type": "text/plain; version=0.0.4"})

    return [
        web.get("/healthz", healthz),
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
        for code in dict.fromkeys(reason.code for reason in self._reasons):
            ready.add_metric([code], 1)
        return [entries, oldest, ready]
