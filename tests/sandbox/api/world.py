"""One sandbox in which every row of the table has something to act on.

In: settings. Out: replies, and what the API shows of everything. Knows nothing of the sandbox's
insides.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO
from typing import Any

from bridge.sandbox.admin import CreatedCampaign, EventDefinition
from tests.sandbox.api.rows import Row
from tests.sandbox.play import Play, Reply, playing

API = "/api/v1"
JSON = "application/json; charset=utf-8"
#: Stands for "the body that the row has".
OWN = object()


@dataclass(frozen=True, slots=True)
class World:
    """An Active campaign with users, an invite and a pending session; and somebody else's."""

    play: Play
    other: CreatedCampaign
    invite: str
    session: str

    async def send(
        self,
        row: Row,
        *,
        body: object = OWN,
        headers: Mapping[str, str | None] | None = None,
        key: str | None = None,
        campaign: str | None = None,
        method: str | None = None,
    ) -> Reply:
        """Make the row's call; `body` may be bytes, a value, or None for no body."""
        at = f"{API}{self.filled(row.path + row.query, campaign)}"
        return await self.play.call(
            method or row.method, at, self._bytes(row, body), headers=headers, key=key
        )

    async def bare(self, row: Row, *headers: bytes) -> bytes:
        """Make the row's call over a bare socket: headers as bytes, the answer as it comes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.play.sandbox.port)
        body = self.filled(json.dumps(row.body or {})).encode()
        lines = [
            f"{row.method} {API}{self.filled(row.path + row.query)} HTTP/1.1".encode(),
            b"Host: localhost\r\nConnection: close",
            f"Authorization: {self.play.headers['Authorization']}".encode(),
            f"Content-Length: {len(body)}".encode(),
            *headers,
        ]
        writer.write(b"\r\n".join([*lines, b"", body]))
        try:
            return await asyncio.wait_for(reader.read(), 10)
        finally:
            writer.close()

    def filled(self, text: str, campaign: str | None = None) -> str:
        """Put in what the placeholders stand for."""
        for name, value in (
            ("{c}", campaign or self.play.campaign.id),
            ("{user}", "usr_1"),
            ("{invite}", self.invite),
            ("{session}", self.session),
        ):
            text = text.replace(name, value)
        return text

    async def everything(self) -> list[Any]:
        """Return all that the API shows, to see that nothing has changed."""
        shown = [
            await self.play.call("GET", self.play.path + what)
            for what in ("", "/events", "/users", "/link-invites", "/user/usr_1/events")
        ]
        session = await self.play.call("GET", self.filled(f"{self.play.path}{DETAILS}"))
        return [reply.json for reply in (*shown, session)]

    def _bytes(self, row: Row, body: object) -> bytes | BytesIO | None:
        body = row.body if body is OWN else body
        if body is None or isinstance(body, bytes | BytesIO):
            return body
        return self.filled(json.dumps(body)).encode()


DETAILS = "/users/link/details?session={session}"


@asynccontextmanager
async def world_running(**settings: Any) -> AsyncIterator[World]:
    """Run one."""
    async with playing(**settings) as play:
        other = await play.admin.create_campaign("Other", [EventDefinition("A", Decimal(1))])
        made = await play.call("POST", f"{play.path}/link-invites", b'{"label": "forum"}')
        begun = await play.call(
            "POST", f"{play.path}/users/link/initiate", b'{"email": "pending@example.com"}'
        )
        invite, session = made.json["data"]["invite"]["id"], begun.json["sessionKey"]
        yield World(play, other, invite, session)


def refused(reply: Reply, status: int, error: str | None = None) -> None:
    """Check the one envelope that refusals have."""
    assert (reply.status, reply.headers["Content-Type"]) == (status, JSON), reply.body
    assert reply.json == {"success": False, "error": error or reply.json["error"]}
    assert isinstance(reply.json["error"], str)
    assert reply.json["error"]
    assert reply.headers.get("WWW-Authenticate") == ("Bearer" if status == 401 else None)
