"""Players get linked, payouts get confirmed: the whole road in one process, by all ways."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.clock import LeapingClock
from tests.support.road import Road, Town, road_of, town_in, until

QUICK = """
webhook_secret_files = ["hook-secret"]
[confirm]
looks = ["50ms"]
payout_lag = "1s"
balance_every = "200ms"
"""
ALICE = "steam:76561197960265729"
BOB = "steam:76561197960265730"


@pytest.fixture
async def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "run"))
    async with town_in(tmp_path) as town:
        (tmp_path / "hook-secret").write_text("whsec_test_secret\n")
        town.configure(QUICK)
        yield town


async def state_of(road: Road, key: str) -> str:
    return str((await road.call("GET", f"/v1/achievements/{key}"))[1]["entry_state"])


async def becomes(road: Road, key: str, state: str) -> None:
    async def there() -> bool:
        return await state_of(road, key) == state

    await until(there)


async def post(road: Road, player: str, achievement: str = "first_blood", **more: Any) -> str:
    status, answer = await road.post(player, achievement, **more)
    assert status == 202, answer
    return str(answer["key"])


async def approve(town: Town, session_url: str) -> None:
    """Approve a link as the player's browser would."""
    headers = {
        "Authorization": f"Bearer {town.campaign.api_key}",
        "X-Campaign-Id": town.campaign.id,
    }
    url = f"{town.sandbox.api_url}/v1/users/link/approve"
    body = {"sessionKey": session_url.partition("session=")[2]}
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, json=body, headers=headers) as answer,
    ):
        assert answer.status < 300, await answer.text()


async def hook(road: Road, body: dict[str, Any], secret: str = "whsec_test_secret") -> Any:
    data = json.dumps(body).encode()
    signature = hmac.new(secret.encode(), data, hashlib.sha256).hexdigest()
    headers = {"X-Oncade-Signature": signature}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{road.url}/webhooks/oncade", data=data, headers=headers) as answer,
    ):
        return answer.status, await answer.json()


async def test_a_link_from_the_game_pays_what_was_held_and_confirms_it(town: Town) -> None:
    async with road_of(town) as road:
        key = await post(road, ALICE)
        assert await state_of(road, key) == "held"

        body = {"email": "Alice@Example.com"}
        status, begun = await road.call("POST", f"/v1/players/{ALICE}/link", body)
        assert (status, begun["state"]) == (201, "pending")
        again = await road.call("POST", f"/v1/players/{ALICE}/link", body)
        assert again[1]["session"] == begun["session"]

        await approve(town, begun["url"])
        await becomes(road, key, "confirmed")

        assert len(await town.ledger()) == 1
        shown = (await road.call("GET", f"/v1/players/{ALICE}/link"))[1]
        assert shown["state"] == "linked"
        receipt = (await road.call("GET", f"/v1/achievements/{key}"))[1]
        assert receipt["payout"]["via"] == "history"


async def test_a_session_that_is_open_at_the_start_is_looked_at_at_once(town: Town) -> None:
    clock = LeapingClock()
    async with road_of(town, clock) as road:
        body = {"email": "alice@example.com"}
        _, begun = await road.call("POST", f"/v1/players/{ALICE}/link", body)
    await approve(town, begun["url"])
    clock.leap(3)  # so that the look is due before anything else is open
    async with road_of(town, clock) as road:

        async def linked() -> bool:
            return bool((await road.call("GET", f"/v1/players/{ALICE}"))[1]["links"])

        await until(linked)


async def test_the_qr_code_is_a_picture_of_the_url(town: Town) -> None:
    async with road_of(town) as road:
        await road.call("POST", f"/v1/players/{ALICE}/link", {"email": "a@example.com"})
        headers = {"Authorization": "Bearer game-token-1"}
        url = f"{road.url}/v1/players/{ALICE}/link.svg"
        async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
            assert answer.status == 200
            assert answer.content_type == "image/svg+xml"
            assert "<svg" in await answer.text()
        nobody = await road.call("GET", f"/v1/players/{BOB}/link.svg")
        assert nobody[0] == 404


@pytest.mark.parametrize("email", ["", "a", "a@b@c", "a b@c", None, 7])
async def test_what_is_no_address_is_refused(town: Town, email: object) -> None:
    async with road_of(town) as road:
        answer = await road.call("POST", f"/v1/players/{ALICE}/link", {"email": email})

        assert answer[0] == 422
        assert answer[1]["errors"][0]["pointer"] == "/email"


async def test_a_webhook_confirms_before_the_answer_is_recorded_and_doubled(town: Town) -> None:
    async with road_of(town) as road:
        await road.call("POST", f"/v1/operator/campaigns/{town.campaign.id}/pause", {})
        await road.link(BOB, "usr_1")
        key = await post(road, BOB)
        body = {
            "event": "Campaign.Event.Paid",
            "data": {
                "userRef": "usr_1",
                "eventCode": "first_blood",
                "transactionId": "tx-1",
                "payoutAmount": 1,
                "metadata": {"idempotencyKey": key},
            },
        }

        first, second = await hook(road, body), await hook(road, body)

        assert (first[0], first[1]["became"]) == (200, "confirmed")
        assert second[1]["became"] == "known"
        assert await state_of(road, key) == "confirmed"


@pytest.mark.parametrize("secret", ["wrong", "", "whsec_test_secret "])
async def test_a_forged_webhook_is_refused(town: Town, secret: str) -> None:
    async with road_of(town) as road:
        status, problem = await hook(road, {"event": "Webhook.Test"}, secret)

        assert status == 401
        assert problem["type"].endswith("signature-refused")


async def test_reconcile_finds_what_was_paid_behind_our_back(town: Town) -> None:
    async with road_of(town) as road:
        await road.link(ALICE, "usr_1")
        key = await post(road, ALICE)
        await becomes(road, key, "confirmed")
        clean = (await road.call("POST", "/v1/operator/reconcile", {}))[1]["campaigns"][0]
        assert clean["clean"], clean

        async with aiohttp.ClientSession() as session:
            url = f"{town.sandbox.api_url}/v1/campaign/{town.campaign.id}/events"
            headers = {
                "Authorization": f"Bearer {town.campaign.api_key}",
                "X-Campaign-Id": town.campaign.id,
                "Idempotency-Key": "somebody-else",
            }
            event = {"eventCode": "EARN5", "userRef": "usr_2"}
            async with session.post(url, json=event, headers=headers) as answer:
                assert answer.status == 202
        await town.paid(2)

        report = (await road.call("POST", "/v1/operator/reconcile", {}))[1]["campaigns"][0]

        assert not report["clean"]
        assert [payout["userRef"] for payout in report["unknown"]] == ["usr_2"]
        assert report["drift"]["excess"] == "1"
        await road.call("POST", f"/v1/operator/campaigns/{town.campaign.id}/accept-total", {})
        after = (await road.call("POST", "/v1/operator/reconcile", {}))[1]["campaigns"][0]
        assert after["drift"]["excess"] == "0"


async def test_the_stream_tells_each_change_once_and_goes_on_where_it_was(town: Town) -> None:
    async with road_of(town) as road:
        await road.link(ALICE, "usr_1")
        seen: list[tuple[int, str, str]] = []
        headers = {"Authorization": "Bearer game-token-1", "Last-Event-ID": "0"}
        keys = [await post(road, ALICE, "quest_win", id=str(n)) for n in range(5)]
        while sum(state == "confirmed" for _, _, state in seen) < 5:
            async with aiohttp.ClientSession() as session:
                url = f"{road.url}/v1/stream?state=accepted&state=confirmed"
                async with session.get(url, headers=headers) as answer:
                    for _ in range(2):  # then the connection breaks
                        number, data = await next_change(answer.content)
                        seen.append((number, data["key"], data["state"]))
                        headers["Last-Event-ID"] = str(number)

        assert [number for number, _, _ in seen] == sorted({number for number, _, _ in seen})
        for key in keys:
            assert [state for _, known, state in seen if known == key][-1] == "confirmed"
        assert len(seen) == len({(key, state) for _, key, state in seen})


async def next_change(content: aiohttp.StreamReader) -> tuple[int, Any]:
    said: dict[str, str] = {}
    async with asyncio.timeout(10):
        while True:
            raw = await content.readline()
            assert raw, "the stream has ended"
            line = raw.decode().rstrip("\r\n")
            if line:
                name, _, value = line.partition(": ")
                said[name] = value
            elif said.get("event") == "state":
                return int(said["id"]), json.loads(said["data"])
            else:
                said = {}


async def test_a_game_that_gives_a_code_links_by_it(town: Town) -> None:
    async with road_of(town) as road:
        answer = await post(road, ALICE)
        assert await state_of(road, answer) == "held"
        body = {"player": ALICE, "achievement": "link_code", "details": {"code": "WRONG-CODE"}}
        status, problem = await road.call("POST", "/v1/achievements", body, "game-token-1")

        assert status == 422
        assert problem["type"].endswith("code-refused")


async def test_it_stops_with_listeners_within_a_moment(town: Town) -> None:
    async with aiohttp.ClientSession() as session:
        async with road_of(town) as road:
            headers = {"Authorization": "Bearer game-token-1"}
            answers = [
                await session.get(f"{road.url}/v1/stream", headers=headers) for _ in range(20)
            ]
            ended = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - ended < 5
        for answer in answers:
            await answer.read()
            answer.close()


async def test_a_pause_holds_nothing_back_but_sending(town: Town) -> None:
    path = f"/v1/operator/campaigns/{town.campaign.id}"
    async with road_of(town) as road:
        await road.link(ALICE, "usr_1")
        await road.call("POST", f"{path}/pause", {"why": "an exploit"})
        key = await post(road, ALICE)
    async with road_of(town) as road:  # also after a restart
        assert await state_of(road, key) == "due"
        status = (await road.call("GET", "/v1/operator/status"))[1]
        assert status["campaigns"][0]["pause"]["why"] == "an exploit"
        await road.call("POST", f"{path}/resume", {})
        await becomes(road, key, "confirmed")


async def test_shadow_mode_sends_nothing_and_says_what_it_would_cost(town: Town) -> None:
    town.configure("shadow = true\n" + QUICK)
    async with road_of(town) as road:
        await road.link(ALICE, "usr_1")
        keys = [await post(road, ALICE, "quest_win", id=str(n)) for n in range(3)]
        assert [await state_of(road, key) for key in keys] == ["held"] * 3

        async def priced() -> bool:
            status = (await road.call("GET", "/v1/operator/status"))[1]
            return bool(status["campaigns"][0]["shadow_cost"] == "3")

        await until(priced)
    assert await town.ledger() == ()


async def test_what_shadow_mode_leaves_is_sent_only_when_an_operator_says_so(town: Town) -> None:
    town.configure("shadow = true\n" + QUICK)
    async with road_of(town) as road:
        await road.link(ALICE, "usr_1")
        for number in range(3):
            await post(road, ALICE, "quest_win", id=str(number))
    town.configure(QUICK)
    async with road_of(town) as road:
        await asyncio.sleep(0.3)  # time to send, if it did
        left = await road.entries()
        reasons = (await road.call("GET", "/readyz"))[1]["reasons"]
        paid = len(await town.ledger())
        await road.call("POST", "/v1/operator/release", {"reason": "shadow"})
        await road.settled(confirmed=3)

    assert (left, paid) == ({"held": 3}, 0)
    (told,) = [reason["detail"] for reason in reasons if reason["code"] == "shadow-left"]
    assert "3 entries" in told
    assert len(await town.ledger()) == 3


RULE = """
[[rules]]
match = "{match}"
repeat = "{repeat}"
"""


async def test_over_a_cap_the_game_is_told_429_or_an_operator_is_asked(town: Town) -> None:
    caps = "caps = {player_day = 1}\n"
    strict = RULE.format(match="first_blood", repeat="per_id") + caps + 'over_cap = "refuse"\n'
    town.configure(QUICK + strict + RULE.format(match="quest_win", repeat="per_id") + caps)
    async with road_of(town) as road:
        await road.link(ALICE, "usr_1")
        await post(road, ALICE, id="1")
        refused = await road.post(ALICE, "first_blood", id="2")
        await post(road, ALICE, "quest_win", id="1")
        held = await post(road, ALICE, "quest_win", id="2")
        await road.settled(confirmed=2, held=1)
        receipt = (await road.call("GET", f"/v1/achievements/{held}"))[1]
        await road.call("POST", f"/v1/operator/entries/{held}/decision", {"decision": "release"})
        await road.settled(confirmed=3)

    assert (refused[0], refused[1]["type"].rpartition(":")[2]) == (429, "cap-reached")
    assert receipt["reason"] == "over_cap"
    assert len(await town.ledger()) == 3


async def test_once_a_user_pays_one_of_the_players_that_a_user_has(town: Town) -> None:
    rule = RULE.format(match="*", repeat="once") + 'per = "user"\n'
    town.configure("players_per_user = 2\n" + QUICK + rule)
    async with road_of(town) as road:
        first, second = await post(road, ALICE), await post(road, BOB)
        await road.link(ALICE, "usr_1")
        await road.link(BOB, "usr_1")
        third = await road.call("PUT", "/v1/players/steam:76561197960265731", {"userRef": "usr_1"})
        await road.settled(confirmed=1, held=1)
        receipts = [
            (await road.call("GET", f"/v1/achievements/{key}"))[1] for key in (first, second)
        ]

    assert [receipt["entry_state"] for receipt in receipts] == ["confirmed", "held"]
    assert receipts[1]["reason"] == "over_cap"
    assert (third[0], len(await town.ledger())) == (409, 1)


async def test_a_ledger_that_was_rolled_back_with_its_witness_is_caught_by_the_total(
    town: Town,
) -> None:
    def copy(source: str, target: str) -> None:
        for suffix in ("", ".witness"):
            data = (town.folder / f"{source}{suffix}").read_bytes()
            (town.folder / f"{target}{suffix}").write_bytes(data)

    async with road_of(town) as road:
        await road.link(ALICE, "usr_1")
        await becomes(road, await post(road, ALICE, "quest_win", id="1"), "confirmed")
    copy("outbox.db", "old.db")
    async with road_of(town) as road:
        await becomes(road, await post(road, ALICE, "quest_win", id="2"), "confirmed")
    copy("old.db", "outbox.db")

    async with road_of(town) as road:
        key = await post(road, ALICE, "quest_win", id="2")

        async def stopped() -> bool:
            return await state_of(road, key) == "held"

        await until(stopped)
        ready = (await road.call("GET", "/readyz"))[1]
        assert "quarantine" in [reason["code"] for reason in ready["reasons"]]
        report = (await road.call("POST", "/v1/operator/reconcile", {}))[1]["campaigns"][0]
        assert report["drift"] is not None
        await asyncio.sleep(0.2)
    assert len(await town.ledger()) == 2
