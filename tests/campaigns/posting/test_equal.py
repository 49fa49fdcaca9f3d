"""Whatever a host says, an event's own connections and the general client make the same of it."""

import asyncio
import gzip
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.campaigns.outcomes import Sent
from tests.campaigns.posting.both import CLOSES, RESETS, both, said_of
from tests.support.loops import LOOPS

TAKEN = b'{"success": true}'
REFUSED = b'{"success": false, "error": "the API says no"}'
PAGE = b"<html><title>Bad gateway</title></html>"

STATUSES = st.sampled_from([200, 202, 204, 301, 304, 307, 408, 409, 429, 401, 500, 502, 503])
#: What follows an answer with one of these is no part of it.
BODILESS = frozenset({204, 304})
BODIES = st.sampled_from([TAKEN, REFUSED, PAGE, b"", b"[]", b"{" * 300, "ü☃".encode(), b"\xff\xfe"])
HEADERS = st.sampled_from(
    [
        b"Content-Type: application/json",
        b"Retry-After: 7",
        b"retry-after:Wed, 21 Oct 2026 07:28:00 GMT",
        b"Connection: close",
        b"Connection: keep-alive",
        b"Location: /elsewhere",
        b"Set-Cookie: a=b",
        b"X-Odd:   spaces   ",
        b"X-Empty:",
        b"X-Latin: \xe9",
        b"Upgrade: h2c",
    ]
)
GOES_ON = b"HTTP/1.1 100 Continue\r\n\r\n"
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"


def framed(body: bytes, how: str, at: int) -> tuple[list[bytes], bytes]:
    """Return the headers and the bytes of a body."""
    if how == "length":
        return [b"Content-Length: %d" % len(body)], body
    if how == "chunked":
        parts = [part for part in (body[:at], body[at:]) if part]
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
        return [b"Transfer-Encoding: chunked"], chunks + b"0\r\n\r\n"
    return [], body


def packed(body: bytes, how: str) -> tuple[list[bytes], bytes]:
    match how:
        case "gzip":
            return [b"Content-Encoding: gzip"], gzip.compress(body)
        case "deflate":
            return [b"Content-Encoding: deflate"], zlib.compress(body)
        case "raw deflate":
            return [b"Content-Encoding: deflate"], zlib.compress(body, wbits=-15)
        case _:
            return [], body


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """Draw an answer as hosts give it, well formed or nearly so."""
    status = draw(STATUSES)
    body = b"" if status in BODILESS else draw(BODIES)
    how = draw(st.sampled_from(["plain", "plain", "gzip", "deflate", "raw deflate"]))
    more, body = packed(body, how)
    framing = draw(st.sampled_from(["length", "length", "chunked", "closed"]))
    frame, body = framed(body, framing, draw(st.integers(0, 20)))
    if status in BODILESS:
        frame, body = [], b""
    version = draw(st.sampled_from([b"1.1", b"1.1", b"1.0"]))
    lines = [b"HTTP/%s %d Said" % (version, status)]
    lines += [*draw(st.lists(HEADERS, max_size=4)), *more, *frame]
    before = draw(st.sampled_from([b"", b"", b"", GOES_ON, HINTS, GOES_ON + HINTS]))
    return before + b"\r\n".join(lines) + b"\r\n\r\n" + body


@st.composite
def spoiled(draw: st.DrawFn) -> bytes:
    """Draw an answer that is cut, or of which one byte is another."""
    whole = draw(answers())
    at = draw(st.integers(0, len(whole) - 1))
    if draw(st.booleans()):
        return whole[:at]
    return whole[:at] + draw(st.binary(min_size=0, max_size=2)) + whole[at + 1 :]


@st.composite
def pieces(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> list[bytes]:
    """Draw an answer in pieces."""
    data = draw(whole)
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=6)))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]


@pytest.mark.parametrize("loop", LOOPS)
@settings(deadline=None, max_examples=60)
@given(said=pieces(answers()), end=st.sampled_from([CLOSES, RESETS]))
def test_of_an_answer_both_make_the_same(loop: str, said: list[bytes], end: str) -> None:
    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        general, kept = runner.run(both(said, end))

    assert said_of(kept[0]) == said_of(general[0])


@pytest.mark.parametrize("loop", LOOPS)
@settings(deadline=None, max_examples=60)
@given(said=pieces(spoiled()))
def test_of_a_spoiled_answer_both_make_the_same(loop: str, said: list[bytes]) -> None:
    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        general, kept = runner.run(both(said))

    assert said_of(kept[0]) == said_of(general[0]) or gave_up_for_more(general[0])


def gave_up_for_more(sent: Sent) -> bool:
    """Whether the general client lost a whole answer, since more came in the same packet.

    In the next packet it would not have mattered to it.
    """
    return "Expected HTTP/" in sent.detail or "after `Connection: close`" in sent.detail
