"""Sources as rows: their scopes, what they have come to, what was kept aside.

In: turns. Out: the same, found again. Decides nothing.
"""

from collections.abc import Mapping

from bridge.outbox.entry import as_millis, as_moment
from bridge.outbox.sqlite.statements import Statements
from bridge.outbox.values import Aside, Turn
from bridge.outbox.views import AsideView, RememberedSource, SourceState


class Sources:
    """The rows of `sources`, `turns` and `asides`."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    def adopt(self, name: str, scope: str) -> None:
        """Keep a source and the scope of its ids."""
        self._sql.run("adopt_source", name=name, scope=scope)

    def use(self, name: str) -> None:
        """Note that a source has made an entry."""
        self._sql.run("use_source", name=name)

    def known(self) -> list[RememberedSource]:
        """Return every source that was adopted."""
        return [
            RememberedSource(row["name"], row["id_scope"], bool(row["used"]))
            for row in self._sql.many("sources")
        ]

    # -- what they have come to --

    def keep(self, turn: Turn, now: int) -> None:
        """Keep a turn; what it leaves open stays as it was."""
        self._sql.run(
            "keep_turn",
            source=turn.source,
            part=turn.part,
            adapter=turn.adapter,
            memory=turn.memory,
            place=turn.place,
            at=now,
        )

    def state(self, name: str, part: str) -> SourceState | None:
        """Return what a source, or one of its parts, has come to."""
        row = self._sql.one("turn", source=name, part=part)
        return None if row is None else SourceState(row["adapter"], row["memory"], row["place"])

    def parts(self, name: str) -> Mapping[str, str]:
        """Return the places of a source's parts."""
        return {row["part"]: row["place"] or "" for row in self._sql.many("parts", source=name)}

    # -- kept aside --

    def add_aside(self, source: str, adapter: str, aside: Aside) -> None:
        """Keep a message aside."""
        self._sql.run(
            "add_aside",
            source=source,
            adapter=adapter,
            at=as_millis(aside.at),
            peer=aside.peer,
            position=aside.position,
            body=aside.body,
            error=aside.error,
        )

    def drop_asides(self, source: str, kept: int) -> None:
        """Forget all but the newest of a source."""
        self._sql.run("drop_asides", source=source, kept=kept)

    def drop_aside(self, number: int) -> None:
        """Forget one message."""
        self._sql.run("drop_aside", number=number)

    def asides(self, source: str, limit: int) -> list[AsideView]:
        """Return messages that were kept aside, oldest first."""
        return [
            AsideView(
                row["id"],
                row["source"],
                row["adapter"],
                Aside(
                    as_moment(row["at"]), row["peer"], row["position"], row["body"], row["error"]
                ),
            )
            for row in self._sql.many("asides", source=source, limit=limit)
        ]
