"""One feat, one payout: whatever way it comes, however often, whatever is edited meanwhile."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from bridge.errors import RulesChanged
from tests.support.clock import FakeClock
from tests.support.road import Town, road_of

DAILY = """
[[rules]]
match = "first_blood"
repeat = "daily"
"""
TWO_FOR_EARN5 = """
[[rules]]
match = "quest_a"
event_code = "EARN5"
[[rules]]
match = "quest_b"
event_code = "EARN5"
"""
PER_ID = """
[[rules]]
match = "first_blood"
repeat = "per_id"
"""
ABOVE = """
[[rules]]
match = "first_*"
event_code = "EARN5"
"""


async def test_the_same_feat_by_http_by_udp_and_resent_after_midnight_is_one_payout(
    town: Town,
) -> None:
    town.configure(DAILY)
    clock = FakeClock(datetime(2026, 11, 23, 23, 59, tzinfo=UTC))
    call = {"player": "name:Zoë", "achievement": "first_blood", "id": "m/1"}
    async with road_of(town, clock) as road:
        await road.link("name:Zoë", "usr_1")
        _, first = await road.post("name:Zoë", "first_blood", id="m/1")
        by_udp = await road.datagram(**call)
        clock.advance(120)
        _, resent = await road.post("name:Zoë", "first_blood", id="m/1")
        await road.settled(accepted=1)
        _, other = await road.post("name:Zoë", "first_blood", id="m/2")
        await road.settled(accepted=2)

    ledger = await town.paid(2)
    assert first["duplicate"] is False
    assert (by_udp["duplicate"], resent["duplicate"]) == (True, True)
    assert first["key"] == by_udp["key"] == resent["key"] != other["key"]
    assert sorted(p.key or "" for p in ledger) == sorted([first["key"], other["key"]])


async def test_a_duplicate_of_the_day_resent_after_midnight_is_still_a_duplicate(
    town: Town,
) -> None:
    town.configure(DAILY)
    clock = FakeClock(datetime(2026, 11, 23, 23, 59, tzinfo=UTC))
    async with road_of(town, clock) as road:
        await road.link("name:Al", "usr_1")
        _, first = await road.post("name:Al", "first_blood", id="m/1")
        _, second = await road.post("name:Al", "first_blood", id="m/2")
        clock.advance(120)
        _, resent = await road.post("name:Al", "first_blood", id="m/2")

    assert second == {**first, "duplicate": True, "state": second["state"]}
    assert (resent["key"], resent["duplicate"]) == (first["key"], True)


async def test_two_achievements_that_pay_one_event_code_are_two_payouts(town: Town) -> None:
    town.configure(TWO_FOR_EARN5)
    async with road_of(town) as road:
        await road.link("name:Al", "usr_1")
        await road.post("name:Al", "quest_a")
        await road.post("name:Al", "quest_b")
        await road.post("name:Al", "quest_a")
        await road.settled(accepted=2)

    ledger = await town.paid(2)
    assert [(p.user_ref, p.event_code) for p in ledger] == [("usr_1", "EARN5")] * 2


async def test_a_rule_above_a_used_one_is_refused_at_start_and_at_reload(town: Town) -> None:
    town.configure(PER_ID)
    async with road_of(town) as road:
        await road.link("name:Al", "usr_1")
        _, before = await road.post("name:Al", "first_blood", id="1")
        town.configure(ABOVE + PER_ID)
        status, problem = await road.call("POST", "/v1/operator/reload")
        _, told = await road.call("GET", "/readyz")
        _, after = await road.post("name:Al", "first_blood", id="1")
        town.configure(PER_ID)
        await road.call("POST", "/v1/operator/reload")
        _, healed = await road.call("GET", "/readyz")
    town.configure(ABOVE + PER_ID)
    with pytest.raises(RulesChanged) as refused:
        async with road_of(town):
            pytest.fail("it must not start")

    assert (status, problem["type"]) == (409, "urn:campaign-bridge:problem:rules-changed")
    assert after["key"] == before["key"]
    assert [reason["code"] for reason in told["reasons"]] == ["reload-refused"]
    assert healed["reasons"] == []
    assert "first_blood" in str(refused.value)
    assert "accept-rekey" in refused.value.hint


async def test_rules_that_an_operator_accepted_are_in_force_after_a_reload(town: Town) -> None:
    town.configure(PER_ID)
    async with road_of(town) as road:
        await road.link("name:Al", "usr_1")
        _, before = await road.post("name:Al", "first_blood", id="1")
        _, remembered = await road.call("GET", "/v1/operator/rules")
        above = {**_definition(remembered), "match": "first_*", "event_code": "EARN5"}
        await road.call(
            "PUT",
            "/v1/operator/rules",
            {"definitions": [_json(above), remembered["rules"][0]["definition"]], "journal": "me"},
        )
        town.configure(ABOVE.replace("EARN5", 'EARN5"\nrepeat = "per_id') + PER_ID)
        status, _ = await road.call("POST", "/v1/operator/reload")
        _, known = await road.post("name:Al", "first_blood", id="1")
        _, fresh = await road.post("name:Al", "first_blood", id="2")
        await road.settled(accepted=2)

    ledger = await town.paid(2)
    assert status == 200
    assert known["key"] == before["key"]
    assert fresh["duplicate"] is False
    assert sorted(p.event_code for p in ledger) == ["EARN5", "first_blood"]


async def test_a_rule_edited_and_the_calls_repeated_pay_nothing_new(town: Town) -> None:
    town.configure(PER_ID)
    calls = [("first_blood", str(n)) for n in range(5)]
    async with road_of(town) as road:
        await road.link("name:Al", "usr_1")
        for name, number in calls:
            await road.post("name:Al", name, id=number)
        await road.settled(accepted=5)
        _, remembered = await road.call("GET", "/v1/operator/rules")
        edited = {**_definition(remembered), "event_code": "EARN5"}
        await road.call("PUT", "/v1/operator/rules", {"definitions": [_json(edited)]})
    town.configure(PER_ID + 'event_code = "EARN5"\n')
    async with road_of(town) as road:
        answers = [await road.post("name:Al", name, id=number) for name, number in calls]
        await road.settled(accepted=5)

    assert [answer["duplicate"] for _, answer in answers] == [True] * 5
    assert len(await town.ledger()) == 5


async def test_a_message_that_todays_rules_refuse_gets_its_first_decision_again(
    town: Town,
) -> None:
    town.configure(DAILY)
    clock = FakeClock(datetime(2026, 11, 23, 12, tzinfo=UTC))
    async with road_of(town, clock) as road:
        await road.link("name:Al", "usr_1")
        when = "2026-11-23T11:59:00Z"
        _, first = await road.post("name:Al", "first_blood", id="1", occurred_at=when)
        clock.advance(timedelta(days=8).total_seconds())
        status, again = await road.post("name:Al", "first_blood", id="1", occurred_at=when)
        too_late, _ = await road.post("name:Al", "first_blood", id="2", occurred_at=when)

    assert (status, again["key"], again["duplicate"]) == (202, first["key"], True)
    assert too_late == 422


async def test_a_known_id_with_other_content_is_told_and_pays_nothing(town: Town) -> None:
    async with road_of(town) as road:
        await road.link("name:Al", "usr_1")
        _, first = await road.post("name:Al", "first_blood", id="1", details={"map": "a"})
        _, other = await road.post("name:Al", "first_blood", id="1", details={"map": "b"})
        await road.settled(accepted=1)
        _, status = await road.call("GET", "/v1/operator/status")

    assert other == {**first, "state": other["state"], "duplicate": True, "differs": True}
    assert status["intake"]["differing"] == 1


async def test_an_unlinked_players_events_wait_and_are_paid_the_moment_the_link_arrives(
    town: Town,
) -> None:
    async with road_of(town) as road:
        answers = await asyncio.gather(
            *(road.post("name:Late", "first_blood", id=str(n)) for n in range(10))
        )
        await road.settled(held=10)
        _, before = await road.call("GET", "/v1/players/name:Late")
        _, linked = await road.call("PUT", "/v1/players/name:Late", {"userRef": "usr_2"})
        await road.settled(accepted=10)

    ledger = await town.paid(10)
    assert {answer["state"] for _, answer in answers} == {"held"}
    assert (before["held"], before["links"]) == (10, [])
    assert linked["released"] == 10
    assert {p.user_ref for p in ledger} == {"usr_2"}


async def test_a_campaign_stopped_and_started_again_under_load_pays_everything_once(
    town: Town,
) -> None:
    async with road_of(town) as road:
        await road.link("name:Al", "usr_1")
        await road.link("name:Bo", "usr_2")

        async def play(player: str, code: str) -> None:
            for number in range(60):
                status, answer = await road.post(player, code, id=f"{code}/{number}")
                assert status == 202, answer

        async with asyncio.TaskGroup() as games:
            for player in ("name:Al", "name:Bo"):
                for code in ("first_blood", "EARN5"):
                    games.create_task(play(player, code))
            await town.turn_campaign("stop", "Stopped")
            await asyncio.sleep(0.1)
            await town.turn_campaign("start", "Active")
        await road.settled(accepted=240)

    assert len(await town.paid(240)) == 240


def _definition(remembered: dict[str, list[dict[str, str]]]) -> dict[str, object]:

    found: dict[str, object] = json.loads(remembered["rules"][0]["definition"])
    return found


def _json(value: object) -> str:

    return json.dumps(value, sort_keys=True)
