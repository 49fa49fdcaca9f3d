"""The signature is the one that Oncade's receivers compute."""

import pytest

from bridge.sandbox.webhooks.signature import HEADER, sign
from tests.sandbox.webhooks.receiver import by_definition


def test_it_agrees_with_the_published_vector() -> None:
    # RFC 4231, test case 2
    wanted = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"

    assert sign("Jefe", b"what do ya want for nothing?") == wanted


@pytest.mark.parametrize("body", [b"", b"{}", '{"name":"Zoë"}'.encode(), b"\xff\x00"])
@pytest.mark.parametrize("secret", ["a1" * 32, "0123", "gehëim"])
def test_the_key_is_the_secrets_text_and_the_result_bare_lowercase_hex(
    secret: str, body: bytes
) -> None:
    assert sign(secret, body) == by_definition(secret, body)


def test_the_header_is_oncades() -> None:
    assert HEADER == "X-Oncade-Signature"
