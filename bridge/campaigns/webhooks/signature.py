"""Whether a webhook comes from Oncade.

In: the raw body, the signature's header, the secrets. Out: yes or no. Knows nothing of what the
body says.
"""

import hmac
import re
from collections.abc import Sequence
from typing import Final

#: The header that carries the signature.
HEADER: Final = "X-Oncade-Signature"

_HEX: Final = re.compile(r"[0-9A-Fa-f]{64}")


def verify(body: bytes, signature: str | None, secrets: Sequence[str]) -> bool:
    """Whether one of `secrets` signed exactly these bytes; how long it takes tells nothing."""
    if signature is None or not _HEX.fullmatch(signature):
        return False
    given = bytes.fromhex(signature)
    # A list, not a generator: any() must not stop at the secret that fits.
    fits = [_signed(body, given, secret) and secret != "" for secret in secrets]
    return any(fits)


def _signed(body: bytes, given: bytes, secret: str) -> bool:
    return hmac.compare_digest(hmac.digest(secret.encode(), body, "sha256"), given)
