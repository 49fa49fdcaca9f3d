"""Linking: sessions begun, looked at in both forms, decided, ended."""

import pytest

from bridge.campaigns.api import CampaignApi
from bridge.campaigns.schemas import LinkDetails
from bridge.errors import CampaignError
from tests.campaigns.host import CAMPAIGN, Host, says

INITIATE = f"POST /campaign/{CAMPAIGN}/users/link/initiate"
SESSION = {"url": "https://oncade.gg/link?session=s1", "sessionKey": "s1"}


async def test_a_session_is_begun_by_email_under_a_key(api: CampaignApi, host: Host) -> None:
    host.on(INITIATE, says(201, SESSION, Location="https://oncade.gg/other"))
    session = await api.links.initiate("  Player@Example.COM ", "link-1")
    (call,) = host.calls

    assert (session.url, session.session, session.created) == (SESSION["url"], "s1", True)
    assert call.line == f"POST /api/v1/campaign/{CAMPAIGN}/users/link/initiate"
    assert call.body == b'{"email":"player@example.com"}'
    assert call.headers["Content-Type"] == "application/json"
    assert call.key == "link-1"


async def test_a_session_that_was_there_is_told_as_such(api: CampaignApi, host: Host) -> None:
    host.on(INITIATE, says(200, SESSION))

    assert not (await api.links.initiate("a@b.c", "link-1")).created


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("/link?session=s1", "/link?session=s1"),
        ("link?session=s1", "/link?session=s1"),
        ("?session=s1", "/?session=s1"),
    ],
)
async def test_a_relative_url_is_seen_from_the_hosts_root(
    api: CampaignApi, host: Host, url: str, seen: str
) -> None:
    host.on(INITIATE, says(201, {"url": url, "sessionKey": "s1"}))
    session = await api.links.initiate("a@b.c", "link-1")

    assert session.url == f"http://127.0.0.1:{host.port}{seen}"


async def test_the_location_stands_in_for_a_missing_url(api: CampaignApi, host: Host) -> None:
    host.on(INITIATE, says(201, {"sessionKey": "s1"}, Location="/link?session=s1"))
    session = await api.links.initiate("a@b.c", "link-1")

    assert session.url.endswith("/link?session=s1")


@pytest.mark.parametrize(
    "body",
    [
        {"url": "javascript:alert(1)", "sessionKey": "s1"},
        {"url": "file:///etc/passwd", "sessionKey": "s1"},
        {"url": "ftp://oncade.gg/link", "sessionKey": "s1"},
        {"url": "http:", "sessionKey": "s1"},
        {"url": "http://[::1", "sessionKey": "s1"},
        {"url": "   ", "sessionKey": "s1"},
        {"url": 7, "sessionKey": "s1"},
        {"sessionKey": "s1"},
        {"url": "https://oncade.gg/link"},
        {"url": "https://oncade.gg/link", "sessionKey": ""},
        {"url": "https://oncade.gg/link", "sessionKey": None},
    ],
)
async def test_an_answer_without_a_web_url_and_a_session_is_refused(
    api: CampaignApi, host: Host, body: object
) -> None:
    host.on(INITIATE, says(201, body))
    with pytest.raises(CampaignError) as raised:
        await api.links.initiate("a@b.c", "link-1")

    assert raised.value.reason == "unexpected_answer"


# -- details --------------------------------------------------------------------------------


async def test_details_are_read_in_both_forms(api: CampaignApi, host: Host) -> None:
    everywhere = {"namespaceType": "game", "gameName": "Pong", "prefilledEmail": "a@b.c"}
    here = {"campaignName": "Autumn", "status": "approved", "userRef": "usr_1", "x": 1}
    host.on("GET /users/link/details", says(200, everywhere))
    host.on(f"GET /campaign/{CAMPAIGN}/users/link/details", says(200, here))
    known = await api.links.details("s 1&x=2")
    known_here = await api.links.details_in_campaign("s1")

    assert known == LinkDetails(None, "a@b.c", "", "Pong")
    assert known_here == LinkDetails("usr_1", "", "approved", "Autumn")
    assert [call.line for call in host.calls] == [
        "GET /api/v1/users/link/details?session=s+1%26x%3D2",
        f"GET /api/v1/campaign/{CAMPAIGN}/users/link/details?session=s1",
    ]
    assert all("Idempotency-Key" not in call.headers for call in host.calls)


@pytest.mark.parametrize("user_ref", ["usr_1", "NULL", "none", " "])
async def test_linked_is_whoever_has_a_user_ref(
    api: CampaignApi, host: Host, user_ref: str
) -> None:
    host.on("GET /users/link/details", says(200, {"userRef": user_ref}))
    found = await api.links.details("s1")

    assert (found.linked, found.user_ref) == (True, user_ref)


NOBODY: list[object] = [None, "", "null", 7, [], {}]


@pytest.mark.parametrize("body", [{}, *({"userRef": nobody} for nobody in NOBODY)])
async def test_whatever_is_no_user_ref_links_nobody(
    api: CampaignApi, host: Host, body: object
) -> None:
    host.on("GET /users/link/details", says(200, body))
    found = await api.links.details("s1")

    assert (found.linked, found.ended) == (False, False)


@pytest.mark.parametrize(
    ("status", "user_ref", "ended"),
    [
        ("pending", None, False),
        ("Declined", None, True),
        ("expired", None, True),
        ("expired", "usr_1", False),
    ],
)
def test_a_session_has_ended_when_nobody_will_link_by_it(
    status: str, user_ref: str | None, ended: bool
) -> None:
    assert LinkDetails(user_ref, "", status).ended is ended


# -- deciding -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("approve", b'{"sessionKey":"x1"}'),
        ("decline", b'{"sessionKey":"x1"}'),
        ("remove", b'{"user_ref":"x1"}'),
    ],
)
async def test_a_link_is_approved_declined_and_removed(
    api: CampaignApi, host: Host, what: str, body: bytes
) -> None:
    host.on(f"POST /users/link/{what}", says(200, {"success": True}))
    await getattr(api.links, what)("x1", "key-1")
    (call,) = host.calls

    assert call.line == f"POST /api/v1/users/link/{what}"
    assert (call.body, call.key) == (body, "key-1")
