"""`campaign link`, `unlink` and `invites`."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.campaigns.host import CAMPAIGN, Answer, refuses, reset, says
from tests.cli.campaign.pointed import INVITES, Pointed

INITIATE = f"POST /campaign/{CAMPAIGN}/users/link/initiate"
EVERYWHERE = "GET /users/link/details"
HERE = f"GET /campaign/{CAMPAIGN}/users/link/details"
SESSION = {"url": "/link?session=s1", "sessionKey": "s1"}


@pytest.fixture
def linking(pointed: Pointed) -> Pointed:
    """The program before a host that begins a session which nobody has approved."""
    pointed.host.on(INITIATE, says(201, SESSION))
    pointed.host.on(EVERYWHERE, says(200, {"prefilledEmail": "a@b.c"}))
    pointed.host.on(HERE, says(200, {"status": "pending"}))
    return pointed


def test_a_session_is_begun_and_its_url_printed_whole(linking: Pointed) -> None:
    url = "https://oncade.gg/link?session=" + "x" * 500
    linking.host.on(INITIATE, says(200, {**SESSION, "url": url}))
    ran = linking("link", " A@b.C ")

    assert ran.code == 0, ran.err
    assert ran.out.splitlines() == [
        f"url         {url}",
        "session     s1",
        "state       it was begun before",
    ]
    assert linking.host.calls[0].json == {"email": "a@b.c"}
    assert linking.host.calls[0].key.startswith("link-")


def test_a_session_as_json(linking: Pointed) -> None:
    assert linking("link", "a@b.c", "--json").json == {
        "url": f"http://127.0.0.1:{linking.host.port}/link?session=s1",
        "sessionKey": "s1",
        "created": True,
        "userRef": None,
    }


def test_an_approval_is_waited_for(linking: Pointed) -> None:
    waiting, approved = says(200, {"userRef": "null"}), says(200, {"userRef": "usr_1"})
    linking.host.on(EVERYWHERE, waiting, reset, waiting, approved)
    ran = linking("link", "a@b.c", "--wait")

    assert ran.code == 0, ran.err
    assert "linked      usr_1" in ran.out
    assert "not approved yet: pending" in ran.err


@pytest.mark.parametrize("here", [refuses(404), refuses(400), says(200, b"<html>")])
def test_a_host_without_the_campaigns_form_is_asked_in_the_other_one(
    linking: Pointed, here: Answer
) -> None:
    linking.host.on(HERE, here)
    linking.host.on(EVERYWHERE, says(200, {}), says(200, {}), says(200, {"userRef": "usr_1"}))
    told = linking("link", "a@b.c", "--wait", "--json").json

    assert told["userRef"] == "usr_1"
    assert len(linking.host.of(f"GET /api/v1/campaign/{CAMPAIGN}/users/link/details")) == 1


def test_a_session_that_is_declined_ends_the_waiting(linking: Pointed) -> None:
    linking.host.on(HERE, says(200, {"status": "declined"}))
    ran = linking("link", "a@b.c", "--wait")

    assert ran.code == 1
    assert "will not link through this session: it is declined" in ran.err
    assert "hint: Begin a new one" in ran.err


def test_waiting_for_an_approval_is_bounded(linking: Pointed) -> None:
    ran = linking("link", "a@b.c", "--wait", "--timeout=0.3", "--json")

    assert ran.code == 1
    assert ran.json["userRef"] is None
    assert "the player has not approved" in ran.json["error"]
    assert "the player has not approved after 0.3 s" in ran.err
    assert "hint: The session may still be approved" in ran.err


@pytest.mark.parametrize("email", ["", "nobody", "@b.c", "a@", "\udcff@b.c"])
def test_what_is_no_address_is_misuse(linking: Pointed, email: str) -> None:
    ran = linking("link", email)

    assert ran.code == 2
    assert linking.host.calls == []


def test_a_link_is_ended(pointed: Pointed) -> None:
    pointed.host.on("POST /users/link/remove", says(200, {"success": True}))
    ran, as_json = pointed("unlink", "usr_1"), pointed("unlink", "usr_1", "--json")

    assert ran.out == "usr_1 is no longer linked\n"
    assert as_json.json == {"userRef": "usr_1", "removed": True}
    assert pointed.host.calls[0].json == {"user_ref": "usr_1"}


def test_a_link_whose_end_was_not_answered_is_told_as_maybe_ended(pointed: Pointed) -> None:
    pointed.host.on("POST /users/link/remove", reset)
    ran = pointed("unlink", "usr_1")

    assert ran.code == 1
    assert "it may have been done" in ran.err


# -- invites --------------------------------------------------------------------------------

INVITE: dict[str, Any] = {
    "id": "inv_1",
    "label": "Discord",
    "url": "https://oncade.gg/invite/t",
    "state": "active",
    "maxUses": 50,
    "uses": 3,
    "expiresAt": None,
    "createdAt": "2026",
}
ONE = says(200, {"success": True, "data": {"invite": INVITE}})


def test_an_invite_is_made_and_shown(pointed: Pointed) -> None:
    pointed.host.on(f"POST {INVITES}", ONE)
    ran = pointed("invites", "create", "--label=Discord", "--max-uses=50")
    as_json = pointed("invites", "create", "--label=Discord", "--json")

    assert [line.split() for line in ran.out.splitlines()] == [
        ["invite", "inv_1"],
        ["label", "Discord"],
        ["url", "https://oncade.gg/invite/t"],
        ["state", "active"],
        ["uses", "3/50"],
        ["until", "-"],
    ]
    assert pointed.host.calls[0].json == {"label": "Discord", "maxUses": 50}
    assert as_json.json == INVITE


@pytest.mark.parametrize(
    ("given", "days"), [("7d", 7), ("36h", 1.5), ("2999-12-31T23:00:00+01:00", None)]
)
def test_an_end_is_a_time_or_a_length_of_time(
    pointed: Pointed, given: str, days: float | None
) -> None:
    pointed.host.on(f"POST {INVITES}", ONE)
    before = datetime.now(UTC)
    pointed("invites", "create", "--label=x", f"--until={given}")
    sent = pointed.host.calls[0].json["expiresAt"]

    if days is None:
        assert sent == "2999-12-31T22:00:00.000Z"
    else:
        late = datetime.fromisoformat(sent) - before - timedelta(days=days)
        assert abs(late) < timedelta(minutes=1)


@pytest.mark.parametrize(
    "given", ["soon", "", "2026-12-31", "2026-12-31T23:59:59", "99999999999d", "9" * 400 + "d"]
)
def test_an_end_that_is_none_is_misuse(pointed: Pointed, given: str) -> None:
    ran = pointed("invites", "create", "--label=x", f"--until={given}")

    assert ran.code == 2
    assert "write 7d, 12h or 2026-12-31T23:59:59Z" in ran.err


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        (["--label=New"], {"label": "New"}),
        (["--max-uses=7"], {"maxUses": 7}),
        (["--unlimited", "--forever"], {"maxUses": None, "expiresAt": None}),
        (["--until=2999-12-31T22:00:00Z"], {"expiresAt": "2999-12-31T22:00:00.000Z"}),
    ],
)
def test_what_is_named_of_an_invite_is_changed(
    pointed: Pointed, options: list[str], sent: dict[str, object]
) -> None:
    pointed.host.on(f"PATCH {INVITES}/inv_1", ONE)
    ran = pointed("invites", "update", "inv_1", *options)

    assert ran.code == 0, ran.err
    assert pointed.host.calls[0].json == sent


@pytest.mark.parametrize(
    "options", [[], ["--max-uses=1", "--unlimited"], ["--until=7d", "--forever"], ["--max-uses=0"]]
)
def test_a_change_that_makes_no_sense_is_misuse(pointed: Pointed, options: list[str]) -> None:
    ran = pointed("invites", "update", "inv_1", *options)

    assert ran.code == 2
    assert "hint: See `campaign-bridge campaign invites update --help`." in ran.err
    assert pointed.host.calls == []


@pytest.mark.parametrize("what", ["pause", "resume", "revoke"])
def test_an_invite_is_paused_resumed_and_revoked(pointed: Pointed, what: str) -> None:
    pointed.host.on(f"POST {INVITES}/inv_1/{what}", ONE)
    ran = pointed("invites", what, "inv_1")

    assert ran.code == 0, ran.err
    assert "invite      inv_1" in ran.out
    assert pointed.host.calls[0].key.startswith("invite-")


def test_invites_are_listed(pointed: Pointed) -> None:
    bare = {"id": "inv_2", "state": "revoked"}
    told = {"invites": [INVITE, bare], "pagination": {"total": 9, "hasMore": True}}
    pointed.host.on(f"GET {INVITES}", says(200, {"success": True, "data": told}))
    ran, cut = pointed("invites", "list", "--limit=1"), pointed("invites", "list", "--json")

    assert ran.out.splitlines()[0].split() == ["ID", "LABEL", "STATE", "USES", "UNTIL", "URL"]
    assert ran.out.splitlines()[1].split() == [
        "inv_1",
        "Discord",
        "active",
        "3/50",
        "-",
        "https://oncade.gg/invite/t",
    ]
    assert "… 1 row from 0 on" in ran.out
    assert cut.code == 1
    assert "repeat themselves" in cut.err


def test_no_invites_are_told_with_the_next_step(pointed: Pointed) -> None:
    pointed.host.on(f"GET {INVITES}", says(200, {"data": {"invites": []}}))

    assert "campaign invites create" in pointed("invites", "list").out
    assert pointed("invites", "list", "--json").json == {"invites": [], "more": False}
