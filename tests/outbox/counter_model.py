"""Counters as one would keep them on paper: the model that outboxes are compared with.

In: events in their order. Out: what each is answered, and what was made. Knows nothing of outboxes.
"""

from dataclasses import dataclass, field, replace

from hypothesis import strategies as st

from bridge.outbox.values import Deed
from tests.outbox.counting import counting, deed
from tests.outbox.play import entry


@dataclass(frozen=True)
class Kind:
    """One rule that counts."""

    name: str
    to: int
    times: int | None
    cooldown: int


@dataclass(frozen=True)
class Event:
    """One message: what it moves, by rule; True resets. `own` says that it is paid by itself."""

    name: str
    moves: tuple[tuple[Kind, str, bool], ...]
    seconds: int
    own: bool

    def deed(self) -> Deed:
        """Return the event as an outbox takes it."""
        moves = [
            counting(
                kind.to,
                rule=kind.name,
                scope=scope,
                seconds=self.seconds,
                made=_base(kind, scope),
                times=kind.times,
                cooldown=kind.cooldown * 1000,
                resets=resets,
            )
            for kind, scope, resets in self.moves
        ]
        return deed(self.name, *moves, own=entry(int(self.name)) if self.own else None)


def _base(kind: Kind, scope: str) -> int:
    """Return a number above which the fillings of this counter are counted."""
    return 1000 + 100 * (int(kind.name) * 2 + int(scope))


@dataclass
class Paper:
    """What was counted so far."""

    answers: dict[str, str] = field(default_factory=dict)
    made: list[int] = field(default_factory=list)
    seen: dict[tuple[str, str], int] = field(default_factory=dict)
    filled: dict[tuple[str, str], int] = field(default_factory=dict)
    last: dict[tuple[str, str], int] = field(default_factory=dict)

    def take(self, event: Event) -> str:
        """Return what an event is answered."""
        if event.name in self.answers:
            return self.answers[event.name] + "+"
        new = [int(event.name)] if event.own else []
        for kind, scope, resets in event.moves:
            new += self._move(kind, scope, event.seconds, resets)
        self.made += new
        self.answers[event.name] = f"#{new[0]}" if new else "counted"
        return self.answers[event.name]

    def _move(self, kind: Kind, scope: str, at: int, resets: bool) -> list[int]:
        counter = (kind.name, scope)
        if resets:
            self.seen[counter] = 0
            return []
        if kind.times is not None and self.filled.get(counter, 0) >= kind.times:
            return []
        if kind.cooldown and counter in self.last and at - self.last[counter] < kind.cooldown:
            return []
        self.last[counter] = max(at, self.last.get(counter, at))
        self.seen[counter] = self.seen.get(counter, 0) + 1
        if self.seen[counter] < kind.to:
            return []
        self.seen[counter] = 0
        self.filled[counter] = self.filled.get(counter, 0) + 1
        return [_base(kind, scope) + self.filled[counter]]


# -- what happens ---------------------------------------------------------------------------

_KINDS = st.builds(
    Kind,
    st.just(""),
    st.integers(1, 4),
    st.none() | st.integers(1, 3),
    st.sampled_from([0, 0, 30]),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Return events in their order, each with a name of its own, that move up to three counters."""
    kinds = [
        replace(kind, name=str(number))
        for number, kind in enumerate(draw(st.lists(_KINDS, min_size=1, max_size=3)))
    ]
    move = st.tuples(
        st.sampled_from(kinds), st.sampled_from("01"), st.sampled_from([False, False, False, True])
    )
    moves = st.lists(move, min_size=1, max_size=3, unique_by=lambda moved: moved[0])
    told = draw(st.lists(st.tuples(moves, st.integers(0, 90), st.booleans()), max_size=30))
    return [
        Event(str(number), tuple(moved), seconds, own)
        for number, (moved, seconds, own) in enumerate(told, 1)
    ]
