"""Ten thousand webhooks that are not what they say: none is accepted, none logged with a secret."""

import asyncio
import hashlib
import json
import random
import string
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest

from bridge.campaigns.readings import LONGEST_WEBHOOK
from bridge.control.webhooks import PATH
from bridge.sandbox.readings import Hook
from bridge.sandbox.webhooks.announcing import envelope
from bridge.sandbox.webhooks.signature import HEADER, sign
from tests.control.hooks import (
    CANARY,
    OLD_SECRET,
    OLDEST,
    OTHER_SECRET,
    SECRET,
    Door,
)
from tests.outbox.play import ALICE, CAMPAIGN

HEX = "0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Case:
    """A request that must have no effect, and with what it may be answered."""

    kind: str
    body: bytes
    signatures: tuple[str, ...]
    answers: frozenset[int]


class Forger:
    """Makes cases; every one would pay, link or unlink somebody if it were believed."""

    def __init__(self, door: Door, key: UUID, chance: random.Random) -> None:
        self._chance = chance
        self._door = door
        self._key = key
        self._number = 0
        self.replayed: list[bytes] = []

    def genuine(self) -> bytes:
        """Write what the API might say; never twice the same."""
        self._number += 1
        hook = self._chance.choice([Hook.EVENT_PAID, Hook.EVENT_FAILED, Hook.LINK_REMOVED])
        data = {
            "user_ref": "usr_1",
            "eventCode": "EARN5",
            "transactionId": f"{CANARY}-{self._number}",
            "error": CANARY,
        }
        now = round(self._door.clock.now().timestamp() * 1000)
        return envelope(now, CAMPAIGN, hook, data, str(self._key))

    def cases(self, number: int) -> Iterator[Case]:
        makers = [self.forged, self.mis_signed, self.tampered, self.truncated, self.replay]
        for count in range(number):
            if count % 100 == 0:
                yield self.oversized()
            else:
                yield self._chance.choice(makers)()

    def forged(self) -> Case:
        body = self.genuine()
        alphabet = self._chance.choice([HEX, HEX.upper(), string.ascii_letters, string.digits])
        length = self._chance.choice([0, 1, 32, 63, 64, 64, 64, 65, 128])
        made = "".join(self._chance.choices(alphabet, k=length))
        return Case("forged", body, self._chance.choice([(made,), ()]), frozenset({401}))

    def mis_signed(self) -> Case:
        body = self.genuine()
        right = sign(SECRET, body)
        secrets = [SECRET[:-1], SECRET + " ", SECRET.upper(), "", OLD_SECRET, HEADER, right]
        wrong = [
            *((sign(secret, body),) for secret in secrets),
            (right[:-1],),
            (right + "0",),
            (f"sha256={right}",),
            (f'"{right}"',),
            (f"{right},{right}",),
            (right, right),  # which of the two is meant?
            (right[::-1],),
            (hashlib.sha256(SECRET.encode() + body).hexdigest(),),
            (hashlib.sha256(body).hexdigest(),),
        ]
        return Case("mis-signed", body, self._chance.choice(wrong), frozenset({401}))

    def tampered(self) -> Case:
        body = self.genuine()
        signature = sign(SECRET, body)
        at = self._chance.randrange(len(body))
        other = bytes([body[at] ^ self._chance.randrange(1, 256)])
        changed = self._chance.choice(
            [
                body[:at] + other + body[at + 1 :],
                body[:at] + b" " + body[at:],
                body + b"\n",
                body.replace(b"usr_1", b"usr_2"),
                self.genuine(),
            ]
        )
        return Case("tampered", changed, (signature,), frozenset({401}))

    def truncated(self) -> Case:
        body = self.genuine()
        cut = body[: self._chance.randrange(len(body))]
        return Case("truncated", cut, (sign(SECRET, body),), frozenset({401}))

    def oversized(self) -> Case:
        body = self.genuine()
        body = body[:-1] + b" " * (LONGEST_WEBHOOK + 1 - len(body)) + b"}"
        signed = self._chance.random() < 0.5
        signature = sign(SECRET, body) if signed else "0" * 64
        return Case("oversized", body, (signature,), frozenset({413}))

    def replay(self) -> Case:
        """One that was genuine: known while it is fresh, stale when it is not."""
        body = self._chance.choice(self.replayed)
        return Case("replayed", body, (sign(SECRET, body),), frozenset({200, 422}))


async def test_of_ten_thousand_that_are_not_what_they_say_none_is_accepted_or_logged(
    door: Door, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    key = await door.accepted()
    forger = Forger(door, key, random.Random(20261124))
    forger.replayed = [
        door.said(Hook.CAMPAIGN_STARTED, by=f"{CANARY}-{number}") for number in range(20)
    ]
    for body in forger.replayed:
        assert (await door.hears(body)).became == "noted"
    before, rows = await door.outbox.receipt(key), len(door.inbox())
    changes = await door.outbox.last_change()

    answers = await all_of(door, forger, 5000)
    door.clock.advance(OLDEST.total_seconds() + 1)  # now the replayed ones are stale
    stale = await all_of(door, forger, 5000)
    said = capsys.readouterr()
    logged = said.out + said.err + caplog.text

    assert {kind for kind, _ in answers} == {
        "forged",
        "mis-signed",
        "tampered",
        "truncated",
        "oversized",
        "replayed",
    }
    assert (answers + stale).total() == 10_000
    assert [status for kind, status in answers if kind == "replayed"] == ["200 known"]
    assert [status for kind, status in stale if kind == "replayed"] == ["422 stale-webhook"]
    assert await door.outbox.receipt(key) == before
    assert await door.outbox.last_change() == changes
    assert len(door.inbox()) == rows
    assert (await door.outbox.links(ALICE))[0].user_ref == "usr_1"
    assert "webhook_taken" in logged  # it would be seen
    for hidden in (SECRET, OTHER_SECRET, CANARY, "usr_1", *map(signed, forger.replayed)):
        assert hidden not in logged


def signed(body: bytes) -> str:
    return sign(SECRET, body)


async def all_of(door: Door, forger: Forger, number: int) -> Counter[tuple[str, str]]:
    """Send so many cases, some at once; count what they were answered."""
    found: Counter[tuple[str, str]] = Counter()
    cases = forger.cases(number)

    async def send() -> None:
        for case in cases:
            found[case.kind, await answer_to(door, case)] += 1

    await asyncio.gather(*(send() for _ in range(8)))
    return found


async def answer_to(door: Door, case: Case) -> str:
    headers = [(HEADER, signature) for signature in case.signatures]
    url = f"http://127.0.0.1:{door.port}{PATH}"
    async with door.session.post(url, data=case.body, headers=headers) as answer:
        text = await answer.text()
        told = json.loads(text)
    assert answer.status in case.answers, (case.kind, case.signatures, text)
    for hidden in (SECRET, CANARY):
        assert hidden not in text
    return f"{answer.status} {told.get('became') or str(told['type']).rpartition(':')[2]}"
