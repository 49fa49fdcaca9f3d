"""Links over HTTP: set, shown and taken away, in one campaign or several, with any name."""

from typing import Any
from urllib.parse import quote

import pytest

from bridge.events import State
from tests.control.conftest import OTHER, Control
from tests.outbox.play import ALICE, BOB, CAMPAIGN

PATH = f"/v1/players/{ALICE}"


async def test_a_player_nobody_knows_has_no_links(desk: Control) -> None:
    reply = await desk.call("GET", PATH)

    assert (reply.status, reply.json) == (200, {"player": ALICE, "links": [], "held": 0})


async def test_a_link_releases_what_waited_for_it(desk: Control) -> None:
    keys = [await desk.put(number) for number in (1, 2)]
    waiting = await desk.call("GET", PATH)
    reply = await desk.call("PUT", PATH, {"userRef": "usr_1"})

    assert waiting.json["held"] == 2
    assert reply.json == {
        "player": ALICE,
        "links": [{"campaign": CAMPAIGN, "userRef": "usr_1", "state": "linked"}],
        "held": 0,
        "released": 2,
    }
    assert {await desk.play.state(key) for key in keys} == {State.DUE}


async def test_a_link_is_replaced_and_setting_it_again_changes_nothing(desk: Control) -> None:
    for ref in ("usr_1", "usr_2", "usr_2"):
        reply = await desk.call("PUT", PATH, {"userRef": ref})

    assert [link["userRef"] for link in reply.json["links"]] == ["usr_2"]


async def test_unlinking_holds_what_waits(desk: Control) -> None:
    key = await desk.put()
    await desk.call("PUT", PATH, {"userRef": "usr_1"})
    reply = await desk.call("DELETE", PATH)
    again = await desk.call("DELETE", PATH)

    assert reply.json == again.json == {"player": ALICE, "links": [], "held": 1}
    assert await desk.play.state(key) is State.HELD


async def test_every_spelling_of_a_player_is_the_same_player(desk: Control) -> None:
    await desk.call("PUT", "/v1/players/STEAM_0:1:0", {"userRef": "usr_1"})
    spellings = ["steam:76561197960265729", "[U:1:1]", "STEAM:STEAM_1:1:0", "steam:110000100000001"]
    replies = [await desk.call("GET", f"/v1/players/{quote(s, safe='')}") for s in spellings]

    assert {reply.json["player"] for reply in replies} == {"steam:76561197960265729"}
    assert all(len(reply.json["links"]) == 1 for reply in replies)


@pytest.mark.parametrize(
    ("path", "player"),
    [
        (
            "MINECRAFT:069A79F444E94726A5BEFCA90E38AAF5",
            "minecraft:069a79f4-44e9-4726-a5be-fca90e38aaf5",
        ),
        ("NAME:Zoe%CC%88", "name:Zoë"),
        ("Epic:AbC", "epic:AbC"),
        ("name:a%2525", "name:a%25"),
    ],
)
async def test_the_answer_names_the_player_canonically(
    desk: Control, path: str, player: str
) -> None:
    linked = await desk.call("PUT", f"/v1/players/{path}", {"userRef": "usr_1"})
    shown = await desk.call("GET", f"/v1/players/{path}")
    unlinked = await desk.call("DELETE", f"/v1/players/{path}")

    assert [reply.json["player"] for reply in (linked, shown, unlinked)] == [player] * 3
    assert unlinked.json["links"] == []


async def test_all_players_are_listed_for_operators(desk: Control) -> None:
    for player, ref in ((ALICE, "usr_1"), (BOB, "usr_2")):
        await desk.call("PUT", f"/v1/players/{player}", {"userRef": ref})
    reply = await desk.call("GET", "/v1/operator/players")

    assert reply.json == {
        "players": [
            {"player": ALICE, "campaign": CAMPAIGN, "userRef": "usr_1", "state": "linked"},
            {"player": BOB, "campaign": CAMPAIGN, "userRef": "usr_2", "state": "linked"},
        ]
    }


# -- several campaigns ----------------------------------------------------------------------


@pytest.mark.parametrize(("method", "body"), [("PUT", {"userRef": "usr_1"}), ("DELETE", None)])
async def test_with_several_campaigns_one_must_be_named(
    two: Control, method: str, body: Any
) -> None:
    reply = await two.call(method, PATH, body)

    assert (reply.status, reply.code, reply.pointers) == (422, "invalid-message", ["/campaign"])
    assert CAMPAIGN in reply.json["detail"]
    assert OTHER in reply.json["detail"]


async def test_each_campaign_has_its_own_links(two: Control) -> None:
    await two.call("PUT", PATH, {"userRef": "usr_1", "campaign": CAMPAIGN})
    both = await two.call("PUT", PATH, {"userRef": "usr_2", "campaign": OTHER})
    one = await two.call("DELETE", PATH, {"campaign": CAMPAIGN})

    assert [link["userRef"] for link in both.json["links"]] == ["usr_1", "usr_2"]
    assert [link["campaign"] for link in one.json["links"]] == [OTHER]


async def test_the_campaign_to_unlink_from_may_stand_in_the_query(two: Control) -> None:
    await two.call("PUT", PATH, {"userRef": "usr_2", "campaign": OTHER})
    reply = await two.call("DELETE", f"{PATH}?campaign={OTHER}")

    assert (reply.status, reply.json["links"]) == (200, [])


@pytest.mark.parametrize("campaign", ["camp_3", "", 7, True, [CAMPAIGN], {"id": CAMPAIGN}])
async def test_a_campaign_that_is_not_configured_is_refused(two: Control, campaign: Any) -> None:
    reply = await two.call("PUT", PATH, {"userRef": "usr_1", "campaign": campaign})

    assert (reply.status, reply.pointers) == (422, ["/campaign"])


# -- what is refused ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ref", [None, "", "  ", 7, True, [], {}, "a\nb", "a\0b", "\ud800", "x" * 201, "\u202eusr"]
)
async def test_a_user_ref_that_is_none_is_refused(desk: Control, ref: Any) -> None:
    reply = await desk.call("PUT", PATH, {"userRef": ref})

    assert (reply.status, reply.code, reply.pointers) == (422, "invalid-message", ["/userRef"])
    assert await desk.outbox.links() == []


async def test_a_user_ref_may_have_any_form_that_the_api_gave_it(desk: Control) -> None:
    for ref in ("usr_abc123", "link_usr_123", "ü" * 200, "a b/c?d#e"):
        reply = await desk.call("PUT", PATH, {"userRef": ref})

        assert reply.json["links"][0]["userRef"] == ref


NOT_JSON = [
    b"{",
    b"[]",
    b'"text"',
    b"null",
    b"userRef=usr_1",
    b"\xff\xfe{}",
    b'{"userRef": "\xff"}',
    b"[" * 100_000,
]


@pytest.mark.parametrize("raw", NOT_JSON, ids=range(len(NOT_JSON)))
async def test_a_body_that_is_no_json_object_is_told_so(desk: Control, raw: bytes) -> None:
    reply = await desk.call("PUT", PATH, raw=raw)

    assert (reply.status, reply.code) == (400, "not-json")


async def test_a_charset_that_nobody_knows_does_not_matter(desk: Control) -> None:
    kind = "application/json; charset=klingon"
    reply = await desk.call("PUT", PATH, raw=b'{"userRef": "usr_1"}', Content_Type=kind)

    assert reply.status == 200


async def test_fields_that_nobody_reads_are_told(desk: Control) -> None:
    reply = await desk.call("PUT", PATH, {"userRef": "usr_1", "user": 1, "camp\ud800aign": 2})

    assert (reply.status, reply.code) == (422, "invalid-message")
    assert reply.pointers == ["/camp\ud800aign", "/user"]


async def test_an_unknown_field_is_pointed_at_as_rfc_6901_writes_it(desk: Control) -> None:
    reply = await desk.call("PUT", PATH, {"userRef": "usr_1", "a/b~c": 1})

    assert reply.pointers == ["/a~1b~0c"]


async def test_unknown_fields_are_not_echoed_at_length(desk: Control) -> None:
    many = {f"{number}{'x' * 10_000}": 1 for number in range(100)}
    reply = await desk.call("PUT", PATH, many)

    assert reply.status == 422
    assert len(reply.body) < 10_000


async def test_an_empty_body_is_an_object_without_fields(desk: Control) -> None:
    reply = await desk.call("PUT", PATH, raw=b"")

    assert (reply.status, reply.pointers) == (422, ["/userRef"])


async def test_a_link_is_journaled_with_who_made_it(desk: Control) -> None:
    await desk.call("PUT", PATH, {"userRef": "usr_1"}, X_Operator="Zoë")

    assert [link.via for link in await desk.outbox.links()] == ["operator Zoë"]


@pytest.mark.parametrize("length", [7_000, 10_000])
async def test_a_name_of_kilobytes_is_refused(desk: Control, length: int) -> None:
    path = "/v1/players/name:" + "x" * length
    reply = await desk.call("PUT", path, {"userRef": "usr_1"})

    assert reply.status == (422 if length < 8_000 else 400)
    assert await desk.outbox.links() == []


HOSTILE = {
    "nobody": "",
    "no namespace": "Alice",
    "a nul": "name:a%00b",
    "a line break": "name:a%0Ab",
    "a path": "..%2F..%2Fetc%2Fpasswd",
    "no steam id": "steam:0",
    "sql": "'%3B%20DROP%20TABLE%20entries%3B--",
    "too long": "name:" + "x" * 201,
    "a format": "%7B0.__class__%7D",
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_name_that_names_nobody_is_refused(desk: Control, name: str) -> None:
    for method, body in (("GET", None), ("PUT", {"userRef": "usr_1"}), ("DELETE", None)):
        reply = await desk.call(method, f"/v1/players/{HOSTILE[name]}", body)

        assert reply.status in {404, 422}
        assert reply.code in {"not-found", "invalid-message"}
    assert await desk.outbox.links() == []


@pytest.mark.parametrize(
    "name",
    [
        "name:a/b",
        "name:../x",
        "name:'; DROP TABLE links;--",
        "name:%00",
        "name:{clan} Bob",
        "name:<b>",
        "name:Ü",
        "name:a?b#c",
    ],
)
async def test_an_odd_name_is_a_name(desk: Control, name: str) -> None:
    path = f"/v1/players/{quote(name, safe='')}"
    await desk.call("PUT", path, {"userRef": "usr_1"})
    reply = await desk.call("GET", path)

    assert reply.json["player"] == name
    assert [link.player for link in await desk.outbox.links()] == [name]


@pytest.mark.parametrize("name", ["name:%ff%fe", "name:%ED%A0%80"])
async def test_bytes_that_are_no_text_stay_escaped(desk: Control, name: str) -> None:
    reply = await desk.call("GET", f"/v1/players/{name}")

    assert reply.json["player"] == name
