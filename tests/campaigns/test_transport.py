"""One call, one answer: what is on the wire, and what every kind of failure says."""

import pytest

from bridge.campaigns.api import CampaignApi, campaign_api
from bridge.campaigns.failures import HINTS, CallFailed
from bridge.campaigns.transport import LONGEST_ANSWER, segment
from tests.campaigns.host import (
    CAMPAIGN,
    ENQUEUED,
    Answer,
    Host,
    campaign,
    echoes,
    refuses,
    reset,
    says,
    silence,
)
from tests.delivery.far import closed_port
from tests.delivery.rig import API_KEY, quick

START = f"PUT /campaign/{CAMPAIGN}/start"
LOOK = f"GET /campaign/{CAMPAIGN}"
PAGE = b"<html><title>Bad gateway</title></html>"


async def failed_start(api: CampaignApi) -> CallFailed:
    with pytest.raises(CallFailed) as raised:
        await api.lifecycle.start("start-1")
    return raised.value


async def failed_look(api: CampaignApi) -> CallFailed:
    with pytest.raises(CallFailed) as raised:
        await api.details.standing()
    return raised.value


# -- what is sent ---------------------------------------------------------------------------


async def test_every_call_carries_the_key_the_version_and_the_campaign(
    api: CampaignApi, host: Host
) -> None:
    host.on(START, ENQUEUED)
    host.on(LOOK, campaign())
    await api.lifecycle.start("start-1")
    await api.details.standing()

    for call in host.calls:
        assert call.headers["Authorization"] == f"Bearer {API_KEY}"
        assert call.headers["X-Oncade-API-Version"] == "v1"
        assert call.headers["X-Campaign-Id"] == CAMPAIGN


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("usr_1", "usr_1"),
        ("a/b?c#d%e", "a%2Fb%3Fc%23d%25e"),
        ("..", "%2E%2E"),
        (".", "%2E"),
        ("...", "..."),
        ("ü 1", "%C3%BC%201"),
        ("\udc80", "%3F"),
    ],
)
def test_a_segment_can_not_leave_its_place(text: str, quoted: str) -> None:
    assert segment(text) == quoted


async def test_a_hostile_name_stays_in_its_place_on_the_wire(api: CampaignApi, host: Host) -> None:
    with pytest.raises(CallFailed):
        await api.users.standing("../../start?x=1#y")
    with pytest.raises(CallFailed):
        await api.users.standing("..")

    assert [call.target for call in host.calls] == [
        f"/api/v1/campaign/{CAMPAIGN}/user/..%2F..%2Fstart%3Fx%3D1%23y",
        f"/api/v1/campaign/{CAMPAIGN}/user/%2E%2E",
    ]


async def test_a_redirect_is_not_followed(api: CampaignApi, host: Host) -> None:
    host.on(START, says(307, b"", Location="/api/v1/elsewhere"))
    failure = await failed_start(api)

    assert (failure.reason, failure.maybe_done) == ("redirected", True)
    assert [call.line for call in host.calls] == [f"PUT /api/v1/campaign/{CAMPAIGN}/start"]


# -- what comes back ------------------------------------------------------------------------

REASONS = {
    400: "refused",
    401: "key_refused",
    402: "refused",
    403: "key_refused",
    404: "not_found",
    409: "conflict",
    422: "refused",
    429: "rate_limited",
    500: "server_error",
    503: "server_error",
}
PROVEN = {400, 401, 403, 404, 422, 429}


@pytest.mark.parametrize(("status", "reason"), REASONS.items())
async def test_a_refusal_has_a_reason_a_status_and_the_apis_own_words(
    api: CampaignApi, host: Host, status: int, reason: str
) -> None:
    host.on(START, refuses(status, "it is Draft"))
    failure = await failed_start(api)

    assert (failure.reason, failure.status, failure.words) == (reason, status, "it is Draft")
    assert f"answered {status}: 'it is Draft'" in str(failure)
    assert failure.maybe_done is (status not in PROVEN)
    assert ("it may have been done" in str(failure)) is failure.maybe_done
    assert HINTS[reason] in failure.hint


@pytest.mark.parametrize("status", REASONS)
@pytest.mark.parametrize("body", [PAGE, b"", b"[]", b'{"error": {"code": 1}}'])
async def test_a_refusal_that_is_not_the_apis_own_proves_nothing(
    api: CampaignApi, host: Host, status: int, body: bytes
) -> None:
    host.on(START, says(status, body))
    failure = await failed_start(api)

    assert failure.maybe_done
    assert failure.words == ""
    assert failure.reason == REASONS[status]


@pytest.mark.parametrize(
    "body", [PAGE, b"", b"[]", b"null", {"success": False, "error": "no"}, {"success": False}]
)
async def test_a_success_must_be_the_apis_own(api: CampaignApi, host: Host, body: object) -> None:
    host.on(START, says(202, body))
    failure = await failed_start(api)

    assert (failure.reason, failure.maybe_done) == ("unexpected_answer", True)


async def test_reading_is_never_told_as_done(api: CampaignApi, host: Host) -> None:
    for answer in (refuses(500), says(200, PAGE), reset, silence):
        host.on(LOOK, answer)
        failure = await failed_look(api)

        assert not failure.maybe_done
        assert "may have been done" not in str(failure)


@pytest.mark.parametrize(
    ("answer", "reason", "told"),
    [(silence, "timeout", "gave no answer in time"), (reset, "connection_lost", "broke off")],
)
async def test_no_answer_to_a_change_is_told_as_maybe_done(
    api: CampaignApi, host: Host, answer: Answer, reason: str, told: str
) -> None:
    host.on(START, answer)
    failure = await failed_start(api)

    assert (failure.reason, failure.status, failure.maybe_done) == (reason, None, True)
    assert told in str(failure)
    assert "Look at what is there" in failure.hint
    assert len(host.calls) == 1


async def test_a_host_that_is_not_there_proves_that_nothing_was_done() -> None:
    url = f"http://127.0.0.1:{closed_port()}/api"
    async with campaign_api(url, CAMPAIGN, API_KEY, quick()) as api:
        failure = await failed_start(api)

    assert (failure.reason, failure.maybe_done) == ("unreachable", False)
    assert failure.passing


async def test_retry_after_is_kept(api: CampaignApi, host: Host) -> None:
    host.on(LOOK, says(429, {"success": False, "error": "slow"}, Retry_After="7"))
    failure = await failed_look(api)

    assert (failure.reason, failure.retry_after, failure.passing) == ("rate_limited", "7", True)


async def test_an_answer_is_cut_where_an_answer_ends(api: CampaignApi, host: Host) -> None:
    host.on(LOOK, says(200, b'{"campaign": "' + b"x" * 3 * LONGEST_ANSWER + b'"}'))
    failure = await failed_look(api)

    assert failure.reason == "unexpected_answer"
    assert len(str(failure)) < 400


# -- secrets --------------------------------------------------------------------------------


async def test_an_echoed_api_key_is_in_no_error(api: CampaignApi, host: Host) -> None:
    host.on(START, echoes)
    host.on(LOOK, echoes)
    for failure in (await failed_start(api), await failed_look(api)):
        assert "(the API key)" in failure.words
        assert API_KEY not in f"{failure} {failure!r} {failure.words} {failure.hint}"


async def test_a_session_key_is_in_no_error(api: CampaignApi) -> None:
    with pytest.raises(CallFailed) as raised:
        await api.links.details("secret-session")

    assert "secret-session" not in str(raised.value)
