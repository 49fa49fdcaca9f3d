"""A pipeline with a real outbox under it, and short words for what goes in."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bridge.adapters.builtin import JsonAdapter
from bridge.adapters.contract import Adapter, AdapterSpec
from bridge.errors import (
    OutboxError,
)
from bridge.events import GameEvent, RawMessage, Taken
from bridge.outbox.links import Link
from bridge.outbox.store import SqliteOutbox
from bridge.outbox.values import MessageId, NewEntry, Turn
from bridge.outbox.views import Listing
from bridge.pipeline import Outcome, Pipeline, Speaker
from bridge.pipeline import Road as TheRoad
from bridge.pipeline.sources import SourceRoad, open_source
from bridge.rules.book import Rule, RuleBook
from bridge.rules.occurrence import Repeat
from bridge.settings.models import BrakeSettings
from bridge.testing import START
from tests.support.clock import FakeClock

CAMPAIGN = "camp_1"
PLAYER = "steam:76561197960265729"
ANYTHING = Rule("*", CAMPAIGN, None, None, Repeat.DEFAULT, "UTC")


def rule(match: str, repeat: Repeat = Repeat.ONCE, **more: Any) -> Rule:
    return replace(Rule(match, CAMPAIGN, None, None, repeat, "UTC"), **more)


class Engine(Adapter):
    """An engine whose lines are `player name id`, many a message, and which can fail."""

    def translate(self, message: RawMessage) -> Iterable[GameEvent]:
        for line in message.body.decode().splitlines():
            if line == "crash":
                raise ZeroDivisionError("a bug in the adapter")
            player, name, number = line.split()
            yield GameEvent(player, name, None if number == "-" else number)

    def redact(self, message: RawMessage) -> bytes:
        return message.body.replace(b"hunter2", b"***")


class Tight(Adapter):
    """An engine of which nobody can tell what may be kept."""

    def translate(self, message: RawMessage) -> Iterable[GameEvent]:
        return [GameEvent("name:Bob", "win")]

    def redact(self, message: RawMessage) -> bytes:
        raise ValueError("what is a password?")


class Choosy:
    """An outbox that can't keep what is Bob's, and keeps the rest."""

    def __init__(self, outbox: TheRoad) -> None:
        self._outbox = outbox

    async def put(
        self, entries: Sequence[NewEntry], turn: Turn | None = None
    ) -> Sequence[Taken | OutboxError]:
        others = [entry for entry in entries if entry.player != "name:Bob"]
        kept = await self._outbox.put(others, turn)
        results = iter(kept)
        return [
            OutboxError("not Bob's") if entry.player == "name:Bob" else next(results)
            for entry in entries
        ]

    async def recall(self, ids: Sequence[MessageId]) -> Sequence[Taken | None]:
        return await self._outbox.recall(ids)

    async def redeem(self, code: str, player: str) -> Link:
        return await self._outbox.redeem(code, player)


class Failing:
    """An outbox whose disk refuses."""

    def __init__(self, outbox: TheRoad, failure: Exception) -> None:
        self._outbox = outbox
        self._failure = failure
        self.recalling = False

    async def put(self, entries: Sequence[NewEntry], turn: Turn | None = None) -> Any:
        raise self._failure

    async def recall(self, ids: Sequence[MessageId]) -> Sequence[Taken | None]:
        if self.recalling:
            raise self._failure
        return await self._outbox.recall(ids)

    async def redeem(self, code: str, player: str) -> Link:
        raise self._failure


@dataclass
class Road:
    """A pipeline and short words for what goes in."""

    pipeline: Pipeline
    outbox: SqliteOutbox
    clock: FakeClock

    async def said(self, body: bytes, source: str = "", **more: Any) -> Sequence[Outcome]:
        """Hand in one message; return the outcome of each of its events."""
        message = RawMessage(source, body, START, "127.0.0.1:4000", **more)
        take = await self.source(source) if source else self.pipeline.accept
        (outcomes,) = await take([message])
        return outcomes

    async def source(self, name: str) -> SourceRoad:
        """Open the road of one of the engines."""
        return await open_source(name, *SOURCES[name], self.pipeline, self.outbox)

    async def achieved(self, achievement: str = "first_blood", **more: object) -> Outcome:
        """Hand in one achievement."""
        (outcome,) = await self.said(spoken(achievement, **more))
        return outcome

    async def entries(self) -> list[tuple[str, str, str]]:
        """Return event code, feat and occurrence of every entry, oldest first."""
        views = await self.outbox.listing(Listing(limit=1000))
        return [(view.event_code, view.feat, view.occurrence) for view in reversed(views)]


def spoken(achievement: str = "first_blood", **more: object) -> bytes:
    return json.dumps({"player": PLAYER, "achievement": achievement} | more).encode()


def pipeline_on(
    outbox: TheRoad,
    rules: Sequence[Rule] = (ANYTHING,),
    brakes: BrakeSettings | None = None,
) -> Pipeline:
    return Pipeline(Speaker("json", JsonAdapter()), RuleBook(rules), outbox, brakes)


SOURCES = {
    "log": (AdapterSpec("engine", "An engine", Engine), Speaker("engine", Engine())),
    "tight": (AdapterSpec("tight", "A tight engine", Tight), Speaker("tight", Tight())),
    "arena": (AdapterSpec("engine", "An engine", Engine), Speaker("engine", Engine(), "arena")),
}
