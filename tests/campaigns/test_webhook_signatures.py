"""Who signed a webhook: the sandbox's own signer, and ten thousand who tried to pass for it."""

import hashlib
from collections.abc import Callable, Iterator
from decimal import Decimal
from random import Random

import pytest

from bridge.campaigns.webhooks import signature
from bridge.campaigns.webhooks.signature import verify
from bridge.sandbox.answers import Json
from bridge.sandbox.readings import Hook
from bridge.sandbox.webhooks.announcing import envelope
from bridge.sandbox.webhooks.signature import HEADER, sign

MILLIS = 1_795_435_200_000
OLD, NEW = "whsec_old_0123456789abcdef", "whsec_new_fedcba9876543210"
PAYOUT: dict[str, Json] = {
    "user_ref": "u-1",
    "eventCode": "EARN5",
    "payoutAmount": Decimal("0.250000"),
}


@pytest.mark.parametrize("hook", Hook)
def test_what_the_sandbox_signs_is_genuine(hook: Hook) -> None:
    body = envelope(MILLIS, "camp-1", hook, PAYOUT, "key-1")

    assert verify(body, sign(NEW, body), [NEW])
    assert signature.HEADER == HEADER


def test_the_key_is_the_text_of_the_secret_and_not_what_its_hex_stands_for() -> None:
    secret = "00ff" * 16

    assert verify(b"{}", sign(secret, b"{}"), [secret])
    assert sign(secret, b"{}") == "3e7b4c25d4262a984fd934b1b13fc390774b7e29a5cc8d2a237ce08e9980edb7"


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_both_secrets_of_a_rotation_are_good(secret: str) -> None:
    assert verify(b"{}", sign(secret, b"{}"), [OLD, NEW])
    assert not verify(b"{}", sign(secret, b"{}"), ["another"])


def test_upper_and_lower_case_of_the_hex_are_the_same() -> None:
    assert verify(b"{}", sign(NEW, b"{}").upper(), [NEW])


def test_without_a_secret_nothing_is_genuine() -> None:
    assert not verify(b"{}", sign("", b"{}"), [])
    assert not verify(b"{}", sign("", b"{}"), [""])
    assert not verify(b"{}", sign("", b"{}"), ["", NEW])
    assert verify(b"{}", sign(NEW, b"{}"), ["", NEW])


def test_an_unset_secret_beside_a_good_one_lets_no_one_in() -> None:
    assert not verify(b"{}", sign("", b"{}"), [NEW, ""])


class Watched(list[str]):
    """Secrets that remember how far somebody read."""

    seen: int = 0

    def __iter__(self) -> Iterator[str]:
        for secret in super().__iter__():
            self.seen += 1
            yield secret


def test_every_secret_is_tried_though_the_first_fits() -> None:
    secrets = Watched([OLD, NEW, "a third"])

    assert verify(b"{}", sign(OLD, b"{}"), secrets)
    assert secrets.seen == 3


@pytest.mark.parametrize(
    "spoil",
    [
        lambda good: None,
        lambda good: "",
        lambda good: f"sha256={good}",
        lambda good: f" {good}",
        lambda good: f"{good}\n",
        lambda good: f"{good[:32]} {good[32:]}",
        lambda good: f"{good},{good}",
        lambda good: good[:-1],
        lambda good: f"{good}00",
        lambda good: f"0x{good[2:]}",
        lambda good: "".join(chr(ord(c) + 0xFEE0) for c in good),  # full-width digits
        lambda good: good.translate({ord(str(n)): 0x660 + n for n in range(10)}),  # Arabic digits
        lambda good: "\udcff" * 64,
        lambda good: "g" * 64,
    ],
)
def test_only_sixty_four_hex_digits_are_a_signature(spoil: Callable[[str], str | None]) -> None:
    good = sign(NEW, b"{}")

    assert not verify(b"{}", spoil(good), [NEW])


Case = tuple[bytes, str | None]


def flipped(chance: Random, body: bytes) -> bytes:
    at = chance.randrange(len(body))
    return body[:at] + bytes([body[at] ^ (1 << chance.randrange(8))]) + body[at + 1 :]


def another_digit(chance: Random, good: str) -> str:
    at = chance.randrange(len(good))
    other = chance.choice([digit for digit in "0123456789abcdef" if digit != good[at]])
    return good[:at] + other + good[at + 1 :]


def spaced(chance: Random, good: str) -> str:
    at = chance.randrange(len(good) + 1)
    return good[:at] + chance.choice(" \t\r\n\x0b\u00a0\u200b\0") + good[at:]


def forged(chance: Random, body: bytes, earlier: Case) -> Case:
    """Return a body and a signature that do not belong together."""
    good, junk = sign(NEW, body), chance.randbytes(chance.randrange(1, 40))
    cut = chance.randrange(64)
    ways: tuple[Callable[[], Case], ...] = (
        lambda: (flipped(chance, body), good),
        lambda: (body[: chance.randrange(len(body))], good),
        lambda: (body[chance.randrange(1, len(body)) :], good),
        lambda: (body + junk, good),
        lambda: (junk + body, good),
        lambda: (body + b" " * chance.randrange(1, 4096), good),
        lambda: (body, sign(chance.randbytes(16).hex(), body)),
        lambda: (body, sign(NEW[: chance.randrange(len(NEW))], body)),
        lambda: (body, sign("", body)),
        lambda: (body, hashlib.sha256(body).hexdigest()),
        lambda: (body, hashlib.sha256(NEW.encode() + body).hexdigest()),
        lambda: (body, earlier[1]),
        lambda: (earlier[0], good),
        lambda: (body, another_digit(chance, good)),
        lambda: (body, good[:cut]),
        lambda: (body, good + chance.choice("0123456789abcdefABCDEF")),
        lambda: (body, chance.choice(["sha256=", "SHA256=", "v1=", "0x", "hmac "]) + good),
        lambda: (body, spaced(chance, good)),
        lambda: (body, good[::-1] if good != good[::-1] else None),
        lambda: (body, chance.randbytes(32).hex()),
        lambda: (body, None),
    )
    return chance.choice(ways)()


def anything(chance: Random) -> bytes:
    data: dict[str, Json] = {
        **PAYOUT,
        "user_ref": chance.randbytes(8).hex(),
        "note": "x" * chance.randrange(200),
    }
    key = chance.choice([None, chance.randbytes(16).hex()])
    return envelope(MILLIS, "camp-1", chance.choice(list(Hook)), data, key)


def test_of_ten_thousand_forged_webhooks_none_is_taken() -> None:
    chance = Random(4)
    earlier_body = envelope(MILLIS, "camp-1", Hook.EVENT_PAID, PAYOUT, "the first")
    earlier = (earlier_body, sign(NEW, earlier_body))
    cases = [forged(chance, anything(chance), earlier) for _ in range(10_000)]

    taken = [case for case in cases if verify(*case, [OLD, NEW])]

    assert taken == []


def test_of_a_thousand_genuine_webhooks_each_is_taken_in_any_case_of_its_hex() -> None:
    chance = Random(5)
    refused = []
    for _ in range(1_000):
        body, secret = anything(chance), chance.choice([OLD, NEW])
        cased = "".join(chance.choice([c.upper(), c]) for c in sign(secret, body))
        if not verify(body, cased, [OLD, NEW]):
            refused.append((body, cased))

    assert refused == []
