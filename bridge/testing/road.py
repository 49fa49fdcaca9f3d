"""The road from a message to a payout, in memory: what an adapter and rules would pay together.

In: an adapter's spec, rules, lines or messages. Out: the payouts that would be made, and what was
refused and why. Nothing is sent, and nothing survives the test.
"""

import asyncio
import difflib
import hashlib
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from bridge.adapters.builtin import JsonAdapter
from bridge.adapters.contract import AdapterSpec
from bridge.adapters.fence import lost
from bridge.adapters.registry import build
from bridge.errors import BridgeError, SettingsError, TranslationError
from bridge.events import Clock, Identity, RawMessage, Taken
from bridge.outbox.memory import MemoryOutbox
from bridge.outbox.views import EntryView, Listing
from bridge.pipeline import Outcome, Pipeline, Speaker
from bridge.pipeline.sources import SourceRoad, open_source
from bridge.players.worth import LEVELS, enough
from bridge.rules.book import RuleBook
from bridge.settings.models import CampaignSettings
from bridge.testing.clock import FakeClock
from bridge.testing.rules import rules_of

T = TypeVar("T")

_CAMPAIGN = CampaignSettings(id="camp_test", environment="test", api_key_file=Path("unused"))
_SOURCE = "test"


@dataclass(frozen=True, slots=True)
class Payout:
    """One payout that would be made: an entry of the outbox.

    `state` is `due`, or `held` with the `reason`: `unlinked` until the player is linked.
    """

    player: str
    event_code: str
    occurrence: str
    state: str
    reason: str = ""
    feat: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A message, counted from 1, that was refused, or whose event was; and why.

    `failed` where the adapter raised what is no `MessageRejected`, or took too long: a bug.
    """

    message: int
    error: str
    failed: bool = field(default=False, compare=False)


class Road:
    """One source, its adapter and the rules, over an outbox in memory.

    `rules` are the `[[rules]]` of a configuration, as TOML or as one mapping each; without any,
    every event's name is its event code. `options` and `trust` are the source's; without `trust`
    it is the adapter's own `identity`, the most that the daemon takes for a source of it. Call it
    from plain test functions, not from async ones.

    Whatever takes messages raises `AssertionError` where the adapter then remembers what would
    be something else after a restart.

    Raises:
        SettingsError: rules or options can't be used, or the adapter's ids are worth less than
            `trust`: the daemon would not start with such a source.
        AdapterLoadError: the adapter can't be built.
    """

    def __init__(
        self,
        adapter: AdapterSpec,
        *,
        rules: str | Sequence[Mapping[str, object]] = (),
        options: Mapping[str, object] | None = None,
        trust: Identity | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._clock: Clock = clock or FakeClock()
        self._outbox = MemoryOutbox(self._clock)
        book = RuleBook.from_settings(rules_of(rules), [_CAMPAIGN])
        pipeline = Pipeline(Speaker("json", JsonAdapter()), book, self._outbox)
        speaker = Speaker(
            adapter.name,
            build(adapter, options or {}),
            trust=_trusting(adapter, trust),
            identity=adapter.identity,
        )
        self._source: SourceRoad = _run(
            open_source(_SOURCE, adapter, speaker, pipeline, self._outbox)
        )
        self._position = hashlib.sha256(_SOURCE.encode()).hexdigest()
        self._taken = 0
        self._known: set[str] = set()
        #: What was refused so far.
        self.refused: list[Refusal] = []

    @property
    def failures(self) -> list[Refusal]:
        """Those of `refused` in which the adapter failed; there should never be one."""
        return [refusal for refusal in self.refused if refusal.failed]

    def lines(self, lines: bytes | Iterable[bytes]) -> list[Payout]:
        """Take lines as when a file is followed; return the payouts that are new.

        Lines go on where the last call ended: the same one again is another line of the log.
        Bytes are split at their line ends; empty lines say nothing.
        """
        given = lines.split(b"\n") if isinstance(lines, bytes) else lines
        bodies = [body for line in given if (body := line.removesuffix(b"\r"))]
        return self._take([self._message(body, position=self._next(body)) for body in bodies])

    def message(
        self, body: bytes, *, headers: Mapping[str, str] | None = None, peer: str = ""
    ) -> list[Payout]:
        """Take one message as it comes over HTTP or UDP; return the payouts that are new."""
        return self._take([self._message(body, headers=dict(headers or {}), peer=peer)])

    def file(self, name: str, body: bytes) -> list[Payout]:
        """Take the whole of a state file, which has a memory of its own; return what is new."""
        self._taken += 1
        try:
            outcomes = _run(self._source.take_file(self._message(body, file=name), "read"))
        except BridgeError as refused:
            outcomes = [refused]
        return self._told([(self._taken, outcome) for outcome in outcomes])

    def link(self, player: str, user_ref: str = "usr_test") -> None:
        """Link a player, who is written in the canonical form; what was held for it is due."""
        _run(self._outbox.link(_CAMPAIGN.id, player, user_ref, "test"))

    @property
    def payouts(self) -> list[Payout]:
        """Every payout so far, oldest first, in its state of now."""
        return [_payout(view) for view in self._views().values()]

    # -- taking -----------------------------------------------------------------------------

    def _message(self, body: bytes, **more: Any) -> RawMessage:
        return RawMessage(_SOURCE, body, self._clock.now(), **more)

    def _next(self, line: bytes) -> str:
        """Return a name for the line that no other line of this log has."""
        self._position = hashlib.sha256(bytes.fromhex(self._position) + line).hexdigest()
        return self._position

    def _take(self, messages: Sequence[RawMessage]) -> list[Payout]:
        groups = _run(self._source.take(messages))
        numbered = [
            (number, outcome)
            for number, outcomes in enumerate(groups, self._taken + 1)
            for outcome in outcomes
        ]
        self._taken += len(messages)
        self._check_memory()
        return self._told(numbered)

    def _check_memory(self) -> None:
        memory = self._source.memory
        if memory is not None and (change := lost(memory)):
            raise AssertionError(
                f"what the adapter remembers is not the same after a restart: {change}"
            )

    def _told(self, outcomes: Iterable[tuple[int, Outcome]]) -> list[Payout]:
        """Note the refusals; return the payouts that are new: one event may make several."""
        taken = False
        for number, outcome in outcomes:
            if isinstance(outcome, BridgeError):
                failed = isinstance(outcome, TranslationError)
                self.refused.append(Refusal(number, str(outcome), failed))
            taken = taken or isinstance(outcome, Taken)
        views = self._views() if taken else {}
        new = [view for key, view in views.items() if key not in self._known]
        self._known.update(views)
        return [_payout(view) for view in new]

    def _views(self) -> dict[str, EntryView]:
        found = _run(self._outbox.listing(Listing(limit=1_000_000)))
        return {str(view.key): view for view in reversed(found)}


def _payout(view: EntryView) -> Payout:
    return Payout(
        view.player,
        view.event_code,
        view.occurrence,
        view.state.value,
        view.reason,
        view.feat,
    )


def _trusting(adapter: AdapterSpec, trust: Identity | None) -> Identity:
    """Return what the source trusts; refuse what the daemon would refuse at its start."""
    if trust is None:
        return adapter.identity
    if trust not in LEVELS:
        near = difflib.get_close_matches(trust, LEVELS, n=1)
        asked = f"; did you mean {near[0]!r}?" if near else ""
        raise SettingsError(
            f"trust can't be {trust!r}{asked}", hint=f"It is one of {', '.join(LEVELS)}."
        )
    if not enough(adapter.identity, trust):
        raise SettingsError(
            f"adapter {adapter.name!r} knows players by no more than a {adapter.identity}, and "
            f"the source trusts a {trust} only",
            hint=f'Write trust = "{adapter.identity}" for it, after reading what that is worth.',
        )
    return trust


def _run(call: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(call)
