"""The receiver itself: what it takes, and what it does not."""

import hashlib
import hmac

import pytest

from tests.sandbox.second.client import exchange
from tests.sandbox.second.receiver import Receiver

BODY = b'{"event": "Webhook.Test",  "timestamp": "2026-01-01T00:00:00.000Z", "data": {}}'


def sign(body: bytes, secret: str = "ab" * 32) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@pytest.fixture
def waiting(receiver: Receiver) -> Receiver:
    receiver.secret = "ab" * 32
    return receiver


def test_a_rightly_signed_delivery_is_taken(waiting: Receiver) -> None:
    answer = exchange("POST", waiting.url, {"x-oncade-signature": sign(BODY)}, BODY)

    assert answer.status == 200
    assert waiting.wait("Webhook.Test")[0].body == BODY


@pytest.mark.parametrize(
    "signature",
    [
        "",
        sign(BODY).upper(),
        f"sha256={sign(BODY)}",
        sign(BODY, "cd" * 32),
        sign(BODY.replace(b"  ", b" ")),
        hmac.new(bytes.fromhex("ab" * 32), BODY, hashlib.sha256).hexdigest(),
    ],
)
def test_any_other_signature_is_401(waiting: Receiver, signature: str) -> None:
    answer = exchange("POST", waiting.url, {"X-Oncade-Signature": signature}, BODY)

    assert answer.status == 401


def test_a_signed_body_that_is_not_json_is_400(waiting: Receiver) -> None:
    answer = exchange("POST", waiting.url, {"X-Oncade-Signature": sign(b"{")}, b"{")

    assert answer.status == 400
