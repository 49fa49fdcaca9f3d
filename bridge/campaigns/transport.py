"""One call, one answer: the API key goes with it, redirects are not followed, pages are cut.

In: a host, a campaign, its key, a call. Out: the answer, or a `CallFailed` that says whether
something may have been done. Knows nothing of what the calls mean.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import quote

import aiohttp
from yarl import URL

from bridge.campaigns.failures import CallFailed, refusal
from bridge.campaigns.posting.connection import LONGEST_BODY
from bridge.campaigns.posting.connections import NotSent
from bridge.campaigns.schemas.documents import Document, json_bytes, json_object
from bridge.record import record
from bridge.settings.models import DeliverySettings

#: As much of an answer is read; a longer one is a page, not the API's.
LONGEST_ANSWER = LONGEST_BODY
#: Bytes of an answer that are kept and told.
_HEAD, _TOLD = 300, 80

#: Stands where an answer repeats the API key: answers are kept in receipts and told in errors.
_HIDDEN = "(the API key)"

#: With these, it is certain that nothing was sent.
NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, NotSent)
#: With these, nobody knows.
LOST = (TimeoutError, aiohttp.ClientError, OSError)


@record
class Answer:
    """What came back, with the API key taken out of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def head(self) -> str:
        """As much as is kept."""
        return head_of(self.body)


@record
class Done:
    """A change that the API accepted: a JSON object that doesn't deny it."""

    status: int
    headers: Mapping[str, str]
    document: Document


class Transport:
    """The calls that one campaign's key may make on one host."""

    def __init__(
        self, session: aiohttp.ClientSession, base_url: str, campaign: str, api_key: str
    ) -> None:
        self._session = session
        self._api_key = api_key
        self.base_url = str(URL(base_url)).rstrip("/")
        #: The path of the campaign, below the version.
        self.campaign = f"campaign/{segment(campaign)}"

    @property
    def patience(self) -> float | None:
        """Seconds that one call may take."""
        return self._session.timeout.total

    def url(self, path: str) -> str:
        """Return the URL of what is at `path`, below the version."""
        return f"{self.base_url}/v1/{path}"

    async def read(self, path: str, **query: str | int) -> Document:
        """GET what is at `path`, below the version; a 200 with a JSON object.

        Raises:
            CallFailed: it isn't that. Nothing was changed.
        """
        answer = await self._answered("GET", path, query, changes=False)
        document = json_object(answer.body)
        if answer.status != 200 or document is None or document.get("success") is False:
            raise self._refused(f"GET {self.url(path)}", answer, changes=False)
        return document

    async def change(
        self, method: str, path: str, key: str, body: Mapping[str, object] | None = None
    ) -> Done:
        """Make a call that changes something, under an Idempotency-Key.

        Without `body` none is sent, and no Content-Type: so Oncade's guide makes these calls.

        Raises:
            CallFailed: it was refused, or `maybe_done`: nobody knows.
        """
        headers = {"Idempotency-Key": key}
        if body is not None:
            headers["Content-Type"] = "application/json"
        data = None if body is None else json_bytes(body)
        answer = await self._answered(method, path, {}, changes=True, headers=headers, data=data)
        document = json_object(answer.body)
        taken = 200 <= answer.status < 300 and document is not None
        if document is None or not taken or document.get("success") is False:
            raise self._refused(f"{method} {self.url(path)}", answer, changes=True)
        return Done(answer.status, answer.headers, document)

    async def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
    ) -> Answer:
        """Make a call and return whatever comes; `path` is percent-encoded already.

        Raises one of `LOST` where no answer comes; of these, `NEVER_SENT` proves that nothing was
        sent.
        """
        async with self._session.request(
            method,
            URL(self.url(path), encoded=True).extend_query(query or {}),
            headers=headers,
            data=data,
            allow_redirects=False,
            middlewares=() if method == "GET" else (_sent_once,),
            skip_auto_headers=("Content-Type",),
        ) as response:
            body = bytearray()
            async for chunk in response.content.iter_chunked(65536):
                body += chunk
                if len(body) >= LONGEST_ANSWER:
                    response.close()
                    break
            return Answer(response.status, response.headers, self.hidden(bytes(body)))

    def hidden(self, body: bytes) -> bytes:
        """Return an answer without the API key."""
        return body.replace(self._api_key.encode(), _HIDDEN.encode())

    def words(self, failure: BaseException) -> str:
        """Return what a lost connection said, without the API key."""
        return str(failure).replace(self._api_key, _HIDDEN) or type(failure).__name__

    # -- what failed --------------------------------------------------------------------------

    async def _answered(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int],
        *,
        changes: bool,
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
    ) -> Answer:
        what = self.url(path) if method == "GET" else f"{method} {self.url(path)}"
        try:
            return await self.call(method, path, query, headers, data)
        except LOST as failure:
            sent = changes and not isinstance(failure, NEVER_SENT)
            raise CallFailed(
                f"{what} {_how(failure, sent=sent)}: {self.words(failure)}",
                reason=_why(failure) if sent else "unreachable",
                maybe_done=sent,
            ) from failure

    def _refused(self, what: str, answer: Answer, *, changes: bool) -> CallFailed:
        head = answer.head[:_TOLD]
        return refusal(what, answer.status, answer.headers, answer.body, head, changes=changes)


async def _sent_once(
    request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep the library from sending a PUT again by itself after a connection was lost."""
    try:
        return await send(request)
    except NEVER_SENT:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as lost:
        raise aiohttp.ClientConnectionError(str(lost) or type(lost).__name__) from lost


def _how(failure: BaseException, *, sent: bool) -> str:
    if not sent:
        return "can't be reached"
    return "gave no answer in time" if _why(failure) == "timeout" else "broke off"


def _why(failure: BaseException) -> str:
    return "timeout" if isinstance(failure, TimeoutError) else "connection_lost"


def head_of(body: bytes) -> str:
    """Return as much of an answer as is kept."""
    return body[:_HEAD].decode("utf-8", "replace")


def segment(text: str) -> str:
    """Return `text` as one segment of a path, which it can't leave."""
    quoted = quote(text, safe="", errors="replace")
    return quoted.replace(".", "%2E") if quoted in {".", ".."} else quoted


@asynccontextmanager
async def transport(
    base_url: str, campaign: str, api_key: str, delivery: DeliverySettings
) -> AsyncIterator[Transport]:
    """Open connections of its own to one campaign's host."""
    connect, total = patience(delivery)
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=delivery.concurrency + 4, keepalive_timeout=30),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=total, connect=connect),
        headers=headers_of(campaign, api_key),
    ) as session:
        yield Transport(session, base_url, campaign, api_key)


def headers_of(campaign: str, api_key: str) -> dict[str, str]:
    """Return the headers that every call carries."""
    return {
        "Authorization": f"Bearer {api_key}",
        "X-Oncade-API-Version": "v1",
        "X-Campaign-Id": campaign,
        "User-Agent": "campaign-bridge",
    }


def patience(delivery: DeliverySettings) -> tuple[float, float]:
    """Return how long a connection may take to come about, and a whole call, in seconds.

    The first covers names that don't resolve and TLS, too. It must run out first: only then is it
    known that nothing was sent, and an outage of days leaves no entry unproven.
    """
    total = delivery.attempt_timeout.total_seconds()
    return min(delivery.connect_timeout.total_seconds(), total / 2), total
