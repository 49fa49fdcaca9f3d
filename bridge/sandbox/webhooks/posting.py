"""One POST to a receiver that nobody has reason to trust: bounded in time and in bytes.

In: a URL, exact bytes, headers. Out: what came back. Knows nothing of deliveries or the books.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

import aiohttp

#: Bytes of an answer that are read, and characters of it that are kept.
ANSWER_BYTES: Final = 4096
ANSWER_SHOWN: Final = 300
#: What aiohttp raises for an answer that did not come; OSError is a connection, ValueError a URL
#: or a header that can't be sent.
NO_ANSWER: Final = (aiohttp.ClientError, OSError, TimeoutError, ValueError)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came back: `status` is None where no answer came, and `said` tells why."""

    status: int | None
    said: str
    seconds: float = 0.0

    @property
    def accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class Poster:
    """Sends; an async context manager. Each POST has a connection of its own, so that none fails
    because the receiver has closed an old one."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            auto_decompress=False,  # a small answer must not become a large one
            connector=aiohttp.TCPConnector(force_close=True),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "campaign-bridge-sandbox", "Accept-Encoding": "identity"},
            timeout=aiohttp.ClientTimeout(total=self._timeout),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """Send `body`; a redirect is an answer like any other, and the status is what counts."""
        if self._session is None:
            raise RuntimeError("a Poster is an async context manager")
        clock = asyncio.get_running_loop().time
        begun = clock()
        try:
            async with self._session.post(
                url, data=body, headers=headers, allow_redirects=False
            ) as response:
                status, said = response.status, _shown(await _head(response))
        except TimeoutError:
            status, said = None, f"no answer within {self._timeout:g} s"
        except NO_ANSWER as problem:
            status, said = None, _shown(f"no answer: {problem}")
        return Outcome(status, said, round(clock() - begun, 3))


async def _head(response: aiohttp.ClientResponse) -> str:
    """Return the beginning of an answer, as far as it comes; the rest is never read."""
    head = b""
    with contextlib.suppress(*NO_ANSWER):
        while len(head) < ANSWER_BYTES:
            chunk = await response.content.read(ANSWER_BYTES - len(head))
            if not chunk:
                break
            head += chunk
    return head.decode(errors="replace")


def _shown(text: str) -> str:
    """Return what a page or a terminal can print without harm."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(plain.split())[:ANSWER_SHOWN]
