"""How an answer of the API moves an entry: every row of the table, met by a real worker.

Each row is played twice: as an entry's first attempt, and after an older attempt that nobody
answered, whose mark no later answer but an acceptance may clear.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
from aiohttp import web

from bridge.campaigns.schemas import event_body
from bridge.events import State
from bridge.rules.key import wire_key
from tests.delivery import far
from tests.delivery.far import DOCUMENT, PAGE, Answer, Far, says, silence
from tests.delivery.rig import Rig

ACCEPTED, DUE, HELD, UNCERTAIN = State.ACCEPTED, State.DUE, State.HELD, State.UNCERTAIN


@dataclass(frozen=True)
class Row:
    """What an answer does to an entry that was never sent before, and to its lane."""

    state: State
    reason: str
    marked: bool
    lane: str | None = None
    counted: tuple[int, int, int] = (0, 0, 0)  # failures, refusals, conflicts


def retried(status: int, *, marked: bool) -> Row:
    return Row(DUE, f"http_{status}", marked, None, (1, 0, 0))


def refused(*, marked: bool) -> Row:
    return Row(HELD, "refused", marked, None, (0, 1, 0))


ACCEPTING = {
    "202 as documented": (202, far.TAKEN),
    "200 with an object": (200, b"{}"),
    "201 with success": (201, b'{"success": true}'),
    "202 with unknown fields": (202, b'{"success": true, "later": [1, 2]}'),
}
ODD = {
    "200 with a page": (200, PAGE),
    "200 with nothing": (200, b""),
    "202 with success false": (202, b'{"success": false, "error": "no"}'),
    "202 with a list": (202, b"[]"),
    "202 with half an object": (202, b'{"success": tr'),
    "202 with null": (202, b"null"),
    "204": (204, b""),
}
BODIES = {"own": DOCUMENT, "page": PAGE}

CASES: dict[str, tuple[int, bytes, Row]] = {
    **{name: (*case, Row(ACCEPTED, "", False)) for name, case in ACCEPTING.items()},
    **{
        name: (*case, Row(DUE, "unexpected_answer", True, "unexpected_answer"))
        for name, case in ODD.items()
    },
    **{
        f"{status} {kind}": (status, body, retried(status, marked=True))
        for status in (408, 425, 500, 501, 502, 503, 504, 507, 520, 599)
        for kind, body in BODIES.items()
    },
    "429 own": (429, DOCUMENT, retried(429, marked=False)),
    "429 page": (429, PAGE, retried(429, marked=True)),
    **{
        f"{status} {kind}": (status, body, Row(DUE, "key_refused", kind == "page", "key_refused"))
        for status in (401, 403)
        for kind, body in BODIES.items()
    },
    **{
        f"{status} {kind}": (status, body, Row(DUE, "redirected", True, "redirected"))
        for status in (300, 301, 302, 303, 304, 307, 308)
        for kind, body in BODIES.items()
    },
    **{
        f"409 {kind}": (409, body, Row(DUE, "conflict", True, None, (1, 0, 1)))
        for kind, body in BODIES.items()
    },
    **{
        f"{status} {kind}": (status, body, refused(marked=kind == "page"))
        for status in (400, 422)
        for kind, body in BODIES.items()
    },
    "404 own": (404, DOCUMENT, Row(HELD, "user_unknown", False, None)),
    "404 page": (404, PAGE, Row(HELD, "user_unknown", True, None)),
    **{
        f"{status} {kind}": (status, body, refused(marked=True))  # not among the proofs
        for status in (402, 405, 406, 410, 413, 415, 451, 499)
        for kind, body in BODIES.items()
    },
}
EACH = pytest.mark.parametrize("case", CASES)


def answering(status: int, body: bytes) -> Answer:
    where = {"Location": "/elsewhere"} if 300 <= status < 400 else {}
    return says(status, b"" if status in {204, 304} else body, **where)


async def met(rig: Rig, answers: int) -> None:
    """Run the worker until the entry has met so many answers; leave it at rest."""
    async with rig.working():
        for number in range(1, answers + 1):
            await rig.until_settled(number)
            if number < answers:
                rig.turn(100)  # past every wait of a first failure


async def next_counts(rig: Rig) -> tuple[int, int, int]:
    """Return what the entry's next claim says of earlier attempts."""
    rig.far.always = None
    rig.settings = rig.settings.model_copy(update={"key_horizon": timedelta(days=30)})
    before = len(rig.watched.claims)
    rig.clock.advance(2 * 24 * 3600)
    async with rig.working():
        await rig.until(lambda: len(rig.watched.claims) > before)
        await rig.until_settled(before + 1)
    claim = rig.watched.claims[before]
    return claim.failures, claim.refusals, claim.conflicts


@EACH
async def test_a_first_attempt(quick_rig: Rig, case: str) -> None:
    rig, (status, body, row) = quick_rig, CASES[case]
    rig.far.always = answering(status, body)
    key = await rig.put()
    await met(rig, 1)
    view = await rig.view(key)

    assert (view.state, view.reason) == (row.state, row.reason)
    assert (view.unproven_since is not None) == row.marked
    assert rig.worker.status().paused == row.lane
    assert [call.path for call in rig.far.posts] == ["/api/v1/campaign/camp_1/events"]


@EACH
async def test_after_an_older_attempt_that_nobody_answered(quick_rig: Rig, case: str) -> None:
    rig, (status, body, row) = quick_rig, CASES[case]
    rig.far.answers.append(far.reset)
    rig.far.always = answering(status, body)
    key = await rig.put()
    await met(rig, 2)
    view = await rig.view(key)
    first, second = rig.far.posts

    assert view.state == (UNCERTAIN if row.state is HELD else row.state)
    assert view.reason == row.reason
    assert (view.unproven_since is not None) == (row.state is not ACCEPTED)
    assert (first.key, first.body) == (second.key, second.body)
    assert rig.worker.status().paused == row.lane


@pytest.mark.parametrize("case", [name for name in CASES if CASES[name][2].state is not ACCEPTED])
async def test_what_an_attempt_spends(quick_rig: Rig, case: str) -> None:
    rig, (status, body, row) = quick_rig, CASES[case]
    rig.far.answers.append(answering(status, body))
    await rig.put()
    await met(rig, 1)
    counts = await next_counts(rig)

    assert counts == row.counted


@pytest.mark.parametrize("status", [400, 404, 422])
async def test_what_was_refused_with_proof_is_sent_again_under_the_next_binding(
    quick_rig: Rig, status: int
) -> None:
    rig = quick_rig
    rig.far.answers.append(says(status))
    key = await rig.put()
    await met(rig, 1)
    await next_counts(rig)

    assert [call.key for call in rig.far.posts] == [str(key), str(wire_key(key, 1))]
    assert (await rig.view(key)).state is ACCEPTED


@pytest.mark.parametrize("status", [401, 403, 408, 409, 425, 429, 500, 503])
async def test_what_may_be_tried_again_keeps_its_key_and_bytes(quick_rig: Rig, status: int) -> None:
    rig = quick_rig
    rig.far.answers.append(says(status))
    key = await rig.put()
    await met(rig, 1)
    await next_counts(rig)

    assert [call.key for call in rig.far.posts] == [str(key)] * 2
    assert {call.body for call in rig.far.posts} == {event_body("EARN5", "usr_1")}


# -- a refusal is looked into ---------------------------------------------------------------


REFUSALS = pytest.mark.parametrize("status", [400, 402, 404, 405, 422])


@REFUSALS
async def test_a_refusal_while_the_campaign_is_not_active_pauses_the_lane(
    quick_rig: Rig, status: int
) -> None:
    rig = quick_rig
    key = await refused_after(rig, status, lambda far: setattr(far, "status", "Stopped"))
    view = await rig.view(key)

    assert (view.state, view.reason) == (DUE, "campaign_not_active")
    assert rig.worker.status().paused == "campaign_not_active"
    assert await spent_nothing(rig, lambda far: setattr(far, "status", "Active"))


@REFUSALS
async def test_a_refusal_while_the_campaign_can_not_be_read_pauses_the_lane(
    quick_rig: Rig, status: int
) -> None:
    rig = quick_rig
    key = await refused_after(rig, status, lambda far: setattr(far, "standing", says(502, PAGE)))
    view = await rig.view(key)

    assert (view.state, view.reason) == (DUE, "unexpected_answer")
    assert rig.worker.status().paused == "unexpected_answer"
    assert await spent_nothing(rig, lambda far: setattr(far, "standing", None))


@REFUSALS
async def test_a_refusal_while_the_campaign_does_not_answer_pauses_the_lane(
    quick_rig: Rig, status: int
) -> None:
    rig = quick_rig
    key = await refused_after(rig, status, lambda far: setattr(far, "standing", silence))
    view = await rig.view(key)

    assert (view.state, view.reason) == (DUE, "unreachable")
    assert rig.worker.status().paused == "unreachable"


@REFUSALS
async def test_a_refusal_of_a_code_that_is_not_configured_is_held_as_such(
    quick_rig: Rig, status: int
) -> None:
    rig = quick_rig
    key = await refused_after(rig, status, lambda far: setattr(far, "codes", ("OTHER",)))
    view = await rig.view(key)

    assert (view.state, view.reason) == (HELD, "event_not_configured")
    assert rig.worker.status().paused is None


async def test_the_campaign_is_read_by_calls_begun_after_the_refusal(quick_rig: Rig) -> None:
    rig = quick_rig
    await refused_after(rig, 400, lambda far: None)
    methods = [(call.method, call.path.rpartition("/")[2]) for call in rig.far.calls]

    assert methods == [
        ("GET", "camp_1"),
        ("POST", "events"),
        ("GET", "camp_1"),
        ("GET", "events"),
    ]


async def refused_after(rig: Rig, status: int, change: Callable[[Far], None]) -> UUID:
    """Let the campaign change while an event is under way that is then refused."""

    async def refusing(there: Far, request: web.Request) -> web.StreamResponse:
        change(there)
        return await says(status)(there, request)

    rig.far.answers.append(refusing)
    key = await rig.put()
    await met(rig, 1)
    return key


async def spent_nothing(rig: Rig, mend: Callable[[Far], None]) -> bool:
    """Whether the next claim, after the campaign is well again, counts no attempt."""
    mend(rig.far)
    return await next_counts(rig) == (0, 0, 0)
