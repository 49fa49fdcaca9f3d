"""Is it alive, is it ready: what supervisors ask.

In: the desk's status and the rooms' own words. Out: /healthz, /readyz. A reason is a stable code;
its detail is shown only to callers that may read. The numbers are in `metrics/`.
"""

from collections.abc import Callable, Sequence

from aiohttp import web

from bridge.control.desk import Desk
from bridge.control.views import Json
from bridge.gate.guard import ROLE
from bridge.gate.roles import Right
from bridge.outbox import life
from bridge.record import record


@record
class Reason:
    """Why the daemon is not ready (`blocking`), or works less well than it should."""

    code: str
    detail: str
    blocking: bool = False


Reasons = Callable[[], Sequence[Reason]]

RELOAD_REFUSED = "reload-refused"
_BEFORE = (
    "if a bridge paid it, that ledger is lost: restore a backup; if others did, nothing is wrong, "
    "and a restart says it no more, once something was sent"
)


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
        standing = await desk.status()
        found = [*reasons(), *ledger_reasons(standing)]
        role = request.get(ROLE)
        ready = not any(reason.blocking for reason in found)
        if role is not None and role.may(Right.READ):
            told: list[Json] = [{"code": r.code, "detail": r.detail} for r in found]
            more = {"outbox": check["words"]} if (check := standing.get("outbox_check")) else {}
        else:
            told, more = [{"code": reason.code} for reason in found], {}
        status = 200 if ready else 503
        return web.json_response({"ready": ready, "reasons": told, **more}, status=status)

    return [*alive(), web.get("/readyz", readyz)]


def ledger_reasons(status: Json) -> list[Reason]:
    """Return what an operator has to look at in the ledger: none of it keeps anybody out."""
    found = []
    quarantine = status["ledger"]["quarantine"]
    if quarantine:
        hint = "`campaign-bridge reconcile`, then `campaign-bridge outbox release --quarantine`"
        if quarantine.startswith(life.SALVAGED):
            aside = "the damaged file lies beside the outbox, and backups may hold what is lost"
            found.append(Reason("outbox-salvaged", f"{quarantine}; {aside}"))
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
    if lane.get("paid_before"):
        detail = f"{lane['paid_before']} before this ledger sent anything"
        found.append(Reason("paid-before-us", f"{name}: the API has paid {detail}; {_BEFORE}"))
    waited = lane["oldest_unpaid_seconds"]
    if lag is not None and waited is not None and waited > lag and lane.get("confirms", True):
        detail = f"accepted {round(waited / 3600, 1)} hours ago and not seen to be paid"
        found.append(Reason("payouts-overdue", f"{name}: the oldest was {detail}"))
    if lane["held"].get(life.UNREADABLE):
        detail = f"{lane['held'][life.UNREADABLE]} entries are not what their keys were made of"
        found.append(Reason("entries-unreadable", f"{name}: {detail}; they are never sent"))
    if lane["held"].get("shadow") and not lane.get("shadow", False):
        detail = f"{lane['held']['shadow']} entries of shadow mode wait for release or forget"
        found.append(Reason("shadow-left", f"{name}: {detail}"))
    return found
