"""What proves that a webhook comes from here.

In: a secret and the exact bytes. Out: the signature. Knows nothing of who sends them.

Source: HMAC-SHA256 of the raw body; the key is the secret's text, not what its hex stands for;
lowercase hex, bare. All of it as Oncade's published receivers compare it.
"""

import hashlib
import hmac
from typing import Final

HEADER: Final = "X-Oncade-Signature"


def sign(secret: str, body: bytes) -> str:
    """Return the value of the header for a body."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
