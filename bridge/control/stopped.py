"""Why a campaign sends nothing now: the one place that derives it, for all that tells of entries.

In: an operator's pause, the lane as the daemon tells it. Out: reason, detail, who, why, and what
lets it go on, as plain values.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from bridge.control.views import Json, when
from bridge.outbox.views import Pause

OPERATOR_PAUSE: Final = "operator_pause"

_BY_ITSELF: Final = "the lane opens by itself"
#: Why a lane is stopped → what lets it go on.
_WAYS_OUT: Final[Mapping[str, str]] = MappingProxyType(
    {
        OPERATOR_PAUSE: "`campaign-bridge campaign resume`",
        "campaign_not_active": f"`{{program}} campaign start`; then {_BY_ITSELF}",
        "key_refused": "put the campaign's API key into its api_key_file, then {again} the daemon",
        "environment_differs": "correct [[campaigns]] environment, or use the other campaign's id "
        "and key, then {again} the daemon",
        "redirected": "see that base_url is the API itself, then reload the daemon",
        "unexpected_answer": "see that base_url and the campaign's id are right",
        "not_found": "see that base_url and the campaign's id are right",
        "unreachable": f"see that the host is up and base_url is right; {_BY_ITSELF}",
        "breaker_open": f"nothing: the API failed too often and is asked again; {_BY_ITSELF}",
        "starting": f"nothing: the campaign is asked how it stands; {_BY_ITSELF}",
        "shadow": "leave shadow mode, then `campaign-bridge outbox release --shadow`",
        "quarantine": "`campaign-bridge reconcile`, then "
        "`campaign-bridge outbox release --quarantine`",
    }
)


def way_out(reason: str, as_service: str | None = None) -> str:
    """Return what lets a stopped lane go on.

    `as_service` is what runs a command as the service, where the campaign's key is a credential:
    then no other command has it, and the daemon only after a restart.
    """
    told = _WAYS_OUT.get(reason, f"`{{program}} check` says what is wrong; {_BY_ITSELF}")
    again = "reload" if as_service is None else "restart"
    return told.format(program=as_service or "campaign-bridge", again=again)


def stopped(pause: Pause | None, lane: Mapping[str, Any] | None) -> Json | None:
    """Return why nothing of a campaign is sent, or None where its lane is open.

    An operator's pause comes first: it outlasts whatever else stops the lane. `lane` is None where
    no daemon runs for it.
    """
    if pause is not None:
        told = {"who": pause.who, "why": pause.why, "since": when(pause.at)}
        return _told(OPERATOR_PAUSE, "an operator paused it", way_out(OPERATOR_PAUSE), **told)
    if lane is None or lane["paused"] is None or lane["paused"] == OPERATOR_PAUSE:
        return None  # an operator's pause that the outbox knows no more of is over
    way = way_out(lane["paused"], lane.get("as_service"))
    return _told(lane["paused"], lane["detail"], way, who=None, why="", since=None)


def _told(reason: str, detail: str, way: str, **more: str | None) -> Json:
    return {"reason": reason, "detail": detail, **more, "way_out": way}
