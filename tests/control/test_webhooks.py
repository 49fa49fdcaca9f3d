"""Webhooks on real sockets: what is signed is on disk before the 200, and nothing else comes in."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import aiohttp
import pytest

from bridge.campaigns.readings import AHEAD, LONGEST_WEBHOOK
from bridge.control.webhooks import PATH, routes
from bridge.errors import StoreUnavailable
from bridge.events import State
from bridge.gate.guard import Gate
from bridge.gate.tokens import Tokens
from bridge.intake.listen import application, http_listening
from bridge.outbox.contract import Confirming
from bridge.outbox.links import NewSession
from bridge.outbox.proofs import Became, Webhook
from bridge.outbox.values import Accepted
from bridge.rules.key import wire_key
from bridge.sandbox.readings import Hook
from bridge.sandbox.webhooks.announcing import envelope
from bridge.sandbox.webhooks.signature import HEADER, sign
from tests.control.hooks import (
    CANARY,
    OLD_SECRET,
    OLDEST,
    OTHER,
    OTHER_SECRET,
    SECRET,
    Door,
)
from tests.outbox.play import ALICE, CAMPAIGN, TIMEOUT, entry

# -- what is taken --------------------------------------------------------------------------


async def test_a_signed_payout_confirms_its_entry(door: Door) -> None:
    key = await door.accepted()

    reply = await door.hears(door.said(key=key))

    assert reply.json == {"received": True, "became": "confirmed"}
    assert await door.states() == [State.CONFIRMED]
    assert door.receiver.counts == Counter(confirmed=1)
    assert door.receiver.confirmed == {CAMPAIGN: 1}


async def test_it_is_on_disk_before_the_200(door: Door) -> None:
    body = door.said(key=await door.accepted())

    await door.hears(body)

    assert door.inbox() == [(CAMPAIGN, "Campaign.Event.Paid", "confirmed", body)]


class Full:
    """A disk that refuses."""

    async def receive(self, _: Webhook) -> Became:
        raise StoreUnavailable("no space left on device")


async def test_where_the_disk_refuses_it_is_no_200_and_comes_again(door: Door) -> None:
    body = door.said(key=await door.accepted())
    disk: Confirming = door.outbox
    door.receiver._outbox = Full()  # type: ignore[assignment]  # nothing else of it is called
    refused = await door.hears(body)
    door.receiver._outbox = disk

    taken = await door.hears(body)

    assert (refused.status, refused.code) == (503, "store-unavailable")
    assert taken.became == "confirmed"


async def test_a_failed_payout_is_told_to_the_operator(door: Door) -> None:
    key = await door.accepted()

    reply = await door.hears(door.said(Hook.EVENT_FAILED, key, error="no funds"))
    receipt = await door.outbox.receipt(key)

    assert reply.became == "dead"
    assert (receipt.entry.state, receipt.entry.reason) == (State.DEAD, "payout_failed")
    assert receipt.journal[-1].detail == "no funds"


async def test_the_key_may_come_in_the_header(door: Door) -> None:
    key = await door.accepted()
    body = json.dumps({"event": "Campaign.Event.Failed", "data": {"error": "no funds"}}).encode()

    reply = await door.post(body, sign(SECRET, body), {"Idempotency-Key": str(key)})

    assert reply.became == "dead"


async def test_a_webhook_links_whom_a_session_is_of(door: Door) -> None:
    await door.play.taken(entry())
    session = await door.outbox.begin_session(NewSession(CAMPAIGN, ALICE, "a@example.com", 600))
    now = round(door.clock.now().timestamp() * 1000)
    data = {"sessionKey": "ls_1", "user_ref": "usr_1"}

    reply = await door.hears(envelope(now, CAMPAIGN, Hook.LINK_SUCCEEDED, data, session.key))

    assert reply.became == "linked"
    assert await door.states() == [State.DUE]


@pytest.mark.parametrize("event", ["Purchases.Completed", "Campaign.Event.Revoked", "x"])
async def test_an_event_that_nobody_knows_is_taken_and_kept(door: Door, event: str) -> None:
    body = json.dumps({"event": event, "data": ["whatever", CANARY]}).encode()

    reply = await door.hears(body)

    assert reply.became == "noted"
    assert door.inbox() == [(CAMPAIGN, event, "noted", body)]


# -- order ----------------------------------------------------------------------------------


async def test_it_may_come_before_our_own_202(door: Door) -> None:
    await door.play.put()
    claim = await door.play.claim()

    reply = await door.hears(door.said(key=claim.wire.key))
    after = await door.play.settle(claim, Accepted())

    assert (reply.became, after) == ("confirmed", State.CONFIRMED)


async def test_it_may_come_instead_of_our_own_202(door: Door) -> None:
    await door.play.put()
    claim = await door.play.attempt(TIMEOUT)

    await door.hears(door.said(key=claim.wire.key))

    assert await door.states() == [State.CONFIRMED]
    assert not await door.play.claims()


async def test_the_same_body_counts_once_also_when_it_comes_at_once(door: Door) -> None:
    body = door.said(key=await door.accepted())

    replies = await asyncio.gather(*(door.hears(body) for _ in range(20)))

    assert Counter(reply.became for reply in replies) == {"confirmed": 1, "known": 19}
    assert len(door.inbox()) == 1


@pytest.mark.parametrize("seed", range(5))
async def test_doubled_and_reordered_webhooks_come_to_the_same(door: Door, seed: int) -> None:
    """Of eight payouts two failed first, under a key that is over by now."""
    keys = [await door.accepted(number) for number in range(8)]
    news = [door.said(key=key) for key in keys]
    news += [door.said(Hook.EVENT_FAILED, key, error="no funds") for key in keys[:2]]
    news += [door.said(Hook.TEST), door.said(Hook.EVENT_PAID, wire_key(keys[0], 7))]
    chance = random.Random(seed)
    shuffled = news * 3
    chance.shuffle(shuffled)

    for begin in range(0, len(shuffled), 6):
        await asyncio.gather(*(door.hears(body) for body in shuffled[begin : begin + 6]))
    receipts = [await door.outbox.receipt(key) for key in keys]

    assert {receipt.entry.state for receipt in receipts} == {State.CONFIRMED}
    assert len({receipt.payout.id for receipt in receipts if receipt.payout}) == 8
    assert len(door.inbox()) == len(news)


# -- whose it is ----------------------------------------------------------------------------


async def test_two_secrets_are_good_while_one_is_rotated(door: Door) -> None:
    door.receiver.secrets = {CAMPAIGN: [SECRET, OLD_SECRET]}
    by_new = await door.hears(door.said(Hook.TEST, n=1))
    by_old = await door.hears(door.said(Hook.CAMPAIGN_STARTED, n=2), OLD_SECRET)
    door.receiver.secrets = {CAMPAIGN: [SECRET]}
    over = await door.hears(door.said(Hook.CAMPAIGN_STOPPED, n=3), OLD_SECRET)

    assert (by_new.became, by_old.became) == ("noted", "noted")
    assert (over.status, over.code) == (401, "signature-refused")


async def test_the_secret_says_which_campaign_it_is_of(door: Door) -> None:
    """Another campaign's secret can't speak of this one's payouts."""
    key = await door.accepted()
    body = json.dumps(
        {
            "event": "Campaign.Event.Paid",
            "data": {
                "user_ref": "usr_1",
                "eventCode": "EARN5",
                "transactionId": "tx-1",
                "metadata": {"idempotencyKey": str(key)},
            },
        }
    ).encode()

    other = await door.hears(body, OTHER_SECRET)
    before = await door.states()

    assert (other.became, before) == ("unmatched", [State.ACCEPTED])
    assert [campaign for campaign, *_ in door.inbox()] == [OTHER]


async def test_a_campaign_that_contradicts_its_secret_is_refused(door: Door) -> None:
    body = door.said(key=await door.accepted())  # it names the first campaign

    reply = await door.hears(body, OTHER_SECRET)

    assert (reply.status, reply.code) == (422, "invalid-message")
    assert [error["pointer"] for error in reply.json["errors"]] == ["/data/campaignId"]
    assert (await door.states(), door.inbox()) == ([State.ACCEPTED], [])


async def test_without_secrets_nothing_is_taken(door: Door) -> None:
    door.receiver.secrets = {CAMPAIGN: [], OTHER: [""]}
    body = door.said(Hook.TEST)

    replies = [await door.hears(body, secret) for secret in (SECRET, "", OTHER_SECRET)]

    assert [reply.status for reply in replies] == [401] * 3


# -- what is refused ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "taken"),
    [
        (OLDEST, True),
        (OLDEST + timedelta(seconds=1), False),
        (-AHEAD, True),
        (-AHEAD - timedelta(seconds=1), False),
    ],
)
async def test_what_is_too_old_or_of_the_future_is_refused(
    door: Door, age: timedelta, *, taken: bool
) -> None:
    key = await door.accepted()
    sent = round((door.clock.now() - age).timestamp() * 1000)
    data = {"user_ref": "usr_1", "eventCode": "EARN5", "transactionId": "tx-1"}

    reply = await door.hears(envelope(sent, CAMPAIGN, Hook.EVENT_PAID, data, str(key)))

    assert (reply.status == 200) is taken
    assert taken or reply.code == "stale-webhook"
    assert await door.states() == [State.CONFIRMED if taken else State.ACCEPTED]


async def test_the_settings_say_what_is_too_old(door: Door) -> None:
    door.receiver.oldest = timedelta(minutes=1)
    body = door.said(Hook.TEST)
    door.clock.advance(61)

    assert (await door.hears(body)).code == "stale-webhook"


async def test_the_longest_is_taken_and_one_byte_more_is_not(door: Door) -> None:
    longest = door.said(Hook.TEST).ljust(LONGEST_WEBHOOK)
    too_long = longest + b" "

    taken, refused = await door.hears(longest), await door.hears(too_long)

    assert taken.became == "noted"
    assert (refused.status, refused.code) == (413, "too-large")


async def test_a_body_without_an_end_is_not_read_to_its_end(door: Door) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100 * LONGEST_WEBHOOK:
            sent += 2**16
            yield b" " * 2**16

    url = f"http://127.0.0.1:{door.port}{PATH}"
    try:
        async with door.session.post(url, data=endless(), headers={HEADER: "0" * 64}) as answer:
            assert answer.status == 413
    except aiohttp.ClientError:
        pass  # it hung up before all was sent
    assert sent < 100 * LONGEST_WEBHOOK
    assert door.receiver.counts["too-large"] == 1


async def test_a_body_that_breaks_off_is_none(door: Door) -> None:
    body = door.said(key=await door.accepted())
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\n{HEADER}: {sign(SECRET, body)}\r\n"
    writer.write(head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body[:-1])
    await writer.drain()
    writer.write_eof()
    async with asyncio.timeout(5):
        await reader.read()
    writer.close()

    assert (await door.states(), door.inbox()) == ([State.ACCEPTED], [])


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{", b'{"event": 5}', b"\xff", b"{}"])
async def test_what_is_signed_and_can_not_be_read_is_refused_and_not_kept(
    door: Door, body: bytes
) -> None:
    reply = await door.hears(body)

    assert reply.status in {400, 422}
    assert door.inbox() == []


# -- the listener ---------------------------------------------------------------------------


async def test_a_listener_for_webhooks_has_nothing_else(door: Door) -> None:
    url = f"http://127.0.0.1:{door.port}"
    statuses = {}
    for method, path in (
        ("GET", "/healthz"),
        ("GET", PATH),
        ("GET", "/readyz"),
        ("POST", "/v1/achievements"),
        ("GET", "/v1/stream"),
        ("GET", "/v1/operator/status"),
    ):
        async with door.session.request(method, url + path) as answer:
            statuses[path] = answer.status

    assert statuses == {
        "/healthz": 200,
        PATH: 405,
        "/readyz": 404,
        "/v1/achievements": 404,
        "/v1/stream": 404,
        "/v1/operator/status": 404,
    }


async def test_it_is_called_by_whatever_name_the_world_has_for_it(door: Door) -> None:
    body = door.said(Hook.TEST)

    reply = await door.post(body, sign(SECRET, body), {"Host": "hooks.example.org"})

    assert reply.became == "noted"


async def test_beside_the_games_calls_it_needs_no_token_either(door: Door) -> None:
    app = application(Gate(Tokens({sha256(b"g4me").digest(): "game"})), routes(door.receiver))  # type: ignore[dict-item]  # no role is asked for
    async with http_listening(app, "127.0.0.1:0", linger=0.1) as bound:
        inside = replace(door, port=bound.tcp[0][1])
        taken = await inside.hears(door.said(Hook.TEST))
        forged = await inside.hears(door.said(Hook.CAMPAIGN_STARTED), "forged")

    assert (taken.status, forged.status) == (200, 401)
