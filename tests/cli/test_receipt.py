"""Receipts and players' stories in words: every state and reason says what is and what to do."""

from typing import Any

import pytest

from bridge.cli import receipt, story, words
from bridge.events import State
from bridge.outbox import life

KEY = "0b1f2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b"
AT = "2026-11-24T12:00:00.000Z"
LATER = "2026-11-24T12:00:05.000Z"
SESSION = {
    "session": "7",
    "campaign": "camp_1",
    "state": "linked",
    "detail": "",
    "userRef": "usr_1",
    "started_at": AT,
    "updated_at": LATER,
}
PAYOUT = {
    "payout": "0xabc",
    "amount": "1.5",
    "paid_at": LATER,
    "seen_at": LATER,
    "via": "webhook",
    "key": KEY,
    "twice": None,
}


def entry(state: str = "held", reason: str = "", **more: Any) -> dict[str, Any]:
    """Return an entry as the desk tells it."""
    return {
        "key": KEY,
        "state": state,
        "entry_state": state,
        "reason": reason,
        "fenced": False,
        "campaign": "camp_1",
        "player": "name:Alice",
        "userRef": "usr_1",
        "event_code": "EARN5",
        "feat": "first_blood",
        "occurrence": "once",
        "amount": "1.5",
        "attempts": 1,
        "unproven_since": None,
        "due_at": None,
        "created_at": AT,
        "updated_at": AT,
        "accepted_at": None,
        "looked_for": True,
        "lane": None,
        "cap": "",
        **more,
    }


PAUSED = {
    "reason": "operator_pause",
    "detail": "an operator paused it",
    "who": "operator olga",
    "why": "an exploit",
    "since": AT,
    "way_out": "`campaign-bridge campaign resume`",
}


def note(what: str, detail: str, who: str = "session") -> dict[str, str]:
    """Return a line of a player's journal."""
    return {"at": AT, "who": who, "what": what, "detail": detail}


def told(state: str = "held", reason: str = "", **more: Any) -> str:
    """Return a receipt in words."""
    document = {
        **entry(state, reason),
        "rule": {},
        "message": {
            "source": "",
            "peer": "127.0.0.1:4000",
            "adapter": "json",
            "raw": "{}",
            "name": "first_blood",
            "id": "1",
            "received_at": AT,
            "occurred_at": None,
        },
        "wire_keys": [KEY],
        "body": None,
        "history": [],
        "journal": [],
        "payout": None,
        "webhooks": [],
        "links": [],
        **more,
    }
    return "\n".join(receipt.lines(document))


# -- every state and reason -----------------------------------------------------------------


@pytest.mark.parametrize("state", State)
def test_every_state_has_a_meaning(state: State) -> None:
    assert f"state      {state.value}: {words.MEANING[state.value]}" in told(state.value)


@pytest.mark.parametrize(
    ("state", "reason", "why", "todo"),
    [
        ("held", "unlinked", "not linked to a userRef", "`players link name:Alice USERREF`"),
        ("held", life.OVER_CAP, "a cap was reached", f"`outbox release {KEY}`"),
        ("held", life.PRICE_UNKNOWN, "nobody knows yet what it pays", "goes on by itself"),
        ("held", life.SHADOW, "only tried", "`outbox forget --shadow`"),
        ("held", life.QUARANTINE, "an old copy", "`outbox release --quarantine`"),
        ("held", "event_not_configured", "no such event code", "add EARN5 to the campaign"),
        ("held", "user_unknown", "does not know the player", "the right userRef"),
        ("held", "refused", "the API refused it", f"`outbox retry {KEY}`"),
        ("dead", life.PAYOUT_FAILED, "its payout failed", "sent under a new key"),
        ("dead", "refused", "the API refused it", f"`outbox discard {KEY}`"),
        ("discarded", life.EXPIRED, "nobody linked the player in time", "waits anew"),
        ("uncertain", "past_key_horizon", "too old to be sent again", "--unpaid"),
    ],
)
def test_every_reason_says_what_is_missing_and_what_can_be_done(
    state: str, reason: str, why: str, todo: str
) -> None:
    said = told(state, reason)

    assert why in said
    assert todo in said.partition("what can be done: ")[2]
    assert why in words.missing(entry(state, reason))


def test_a_paused_campaigns_entry_says_who_why_and_the_way_out() -> None:
    due = entry("due", "operator_pause", lane=PAUSED)
    lacks = words.missing(due)
    out = told("due", "operator_pause", lane=PAUSED)

    for said in (lacks, out):
        assert "paused by operator olga" in said
        assert "ago: an exploit" in said
        assert "campaign-bridge campaign resume" in said
    assert words.next_step(due) == "`campaign-bridge campaign resume`"


def test_a_lane_that_stopped_by_itself_says_its_reason_and_detail() -> None:
    lane = {**PAUSED, "reason": "key_refused", "detail": "answered 401", "who": None, "why": ""}
    lacks = words.missing(entry("due", "key_refused", lane=lane))
    bare = words.lane_in_words({**lane, "detail": ""})

    assert "lane is stopped, key_refused: answered 401" in lacks
    assert bare.endswith("key_refused")


def test_what_a_cap_holds_says_which_and_that_midnight_does_not_free_it() -> None:
    cap = "a player may have 20 of these a day (2026-11-24)"
    held = entry("held", "over_cap", cap=cap)
    out = told("held", "over_cap", cap=cap)

    assert words.missing(held) == f"a cap was reached: {cap}"
    assert f"why        a cap was reached: {cap} (over_cap)" in out
    assert "outbox release --over-cap" in out
    assert "not at midnight" in out


@pytest.mark.parametrize("state", ["accepted", "due", "sending"])
def test_what_is_on_its_way_says_what_it_waits_for(state: str) -> None:
    assert words.missing(entry(state)).startswith("waits ")


def test_a_reason_from_elsewhere_is_said_as_it_is_and_harmlessly() -> None:
    assert "why        \\x1b]0;owned" in told("held", "\x1b]0;owned")


# -- the way to the payout ------------------------------------------------------------------


def test_an_accepted_one_says_that_the_payout_is_looked_for() -> None:
    looked_for, not_looked_for = told("accepted"), told("accepted", looked_for=False)

    assert "payout     not seen yet; it is looked for in the user's history" in looked_for
    assert "payout     not looked for: without a history, only a webhook can" in not_looked_for
    assert looked_for.count("it is never sent again by itself") == 1
    assert not_looked_for.count("it is never sent again by itself") == 1
    assert words.missing(entry("accepted")) == "waits for the proof of its payout"


@pytest.mark.parametrize(
    ("via", "how"), [("webhook", "known by a webhook"), ("history", "known by the user's history")]
)
def test_a_confirmed_one_says_what_was_paid_when_and_how_that_is_known(via: str, how: str) -> None:
    said = told("confirmed", payout={**PAYOUT, "via": via})

    assert f"payout     0xabc: 1.5, paid 2026-11-24 12:00:05.000 UTC, {how}" in said
    assert ("found in the user's history" in said) is (via == "history")


def test_webhooks_and_link_sessions_stand_in_the_story_in_time() -> None:
    said = told(
        "confirmed",
        payout=PAYOUT,
        webhooks=[
            {"event": "Campaign.Event.Paid", "at": LATER, "became": "confirmed"},
            {"event": "Campaign.Event.Paid", "at": LATER, "became": "known"},
        ],
        links=[SESSION],
    ).splitlines()
    moments = [line[:27] for line in said if line.startswith("2026-")]

    assert moments == sorted(moments)
    assert any(line.endswith("webhook Campaign.Event.Paid: it proves the payout") for line in said)
    assert any(line.endswith("webhook Campaign.Event.Paid: it came before") for line in said)
    assert any(line.endswith("a link was asked for (session 7)") for line in said)
    assert any(line.endswith("the link was approved as usr_1") for line in said)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("declined", "declined by the player"),
        ("expired", "not approved in time"),
        ("failed", "refused by the API"),
        ("refused", "approved, and not made"),
    ],
)
def test_every_end_of_a_session_is_said_with_its_detail(state: str, said: str) -> None:
    session = {**SESSION, "state": state, "userRef": None, "detail": "why it ended"}
    ((_, asked), (_, ended)) = receipt.session_lines(session)

    assert asked == "a link was asked for (session 7)"
    assert ended == f"the link was {said}: why it ended"


def test_an_open_session_has_no_end_yet() -> None:
    assert len(list(receipt.session_lines({**SESSION, "state": "pending"}))) == 1


# -- a player's story -----------------------------------------------------------------------


def test_a_player_is_told_on_one_screen() -> None:
    link = {"campaign": "camp_1", "userRef": "usr_1", "since": AT, "via": "session"}
    entries = [entry("accepted"), *[entry("confirmed") for _ in range(40)]]
    lines = list(
        story.lines(
            {
                "player": "name:Alice",
                "links": [link],
                "journal": [note("link", "to usr_1 in camp_1")],
                "sessions": [SESSION],
                "entries": entries,
            }
        )
    )

    assert lines[0] == "name:Alice"
    assert lines[1].startswith("  linked to usr_1 in camp_1, for ")
    assert lines[1].endswith("by session")
    assert "the proof of its payout" in lines[3]
    assert lines[-1] == "  and 26 older entries: `outbox list --player …`"
    assert len(lines) <= 24


def test_an_open_session_is_said_to_be_undecided() -> None:
    session = {**SESSION, "state": "pending"}
    document = {"player": "name:Alice", "links": [], "journal": [], "entries": []}
    lines = story.lines({**document, "sessions": [session]})

    assert any(line.endswith("not decided yet") for line in lines)


def test_a_player_who_went_over_or_away_is_shown_with_how_it_came() -> None:
    document = {"player": "name:Alice", "links": [], "sessions": [], "entries": []}
    journal = [
        note("unlink", "from usr_2 in camp_1", "webhook"),
        note("link", "to usr_2 in camp_1", "operator olga"),
        note("link", "to usr_1 in camp_1"),
    ]
    said = "\n".join(story.lines({**document, "journal": journal}))

    assert " ago unlinked from usr_2 in camp_1, by webhook" in said
    assert " ago linked to usr_2 in camp_1, by operator olga" in said
    assert said.count(" ago linked to") == 2
