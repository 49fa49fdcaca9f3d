"""Links, link sessions and codes as rows.

In: links, sessions, codes. Out: the same, found again. Decides nothing.
"""

import sqlite3
from dataclasses import replace

from bridge.outbox.entry import as_millis, as_moment
from bridge.outbox.links import CodeFor, Link, Session, SessionState
from bridge.outbox.sqlite.memo import Memo
from bridge.outbox.sqlite.statements import Statements


class Links:
    """The rows of `links`, `sessions` and `codes`."""

    def __init__(self, sql: Statements, memo: Memo) -> None:
        self._sql = sql
        self._memo = memo

    # -- links --

    def of_player(self, player: str) -> list[Link]:
        """Return a player's links."""
        return [link_from(row) for row in self._sql.many("links", player=player)]

    def user_ref(self, campaign: str, player: str) -> str | None:
        """Return the player's userRef."""
        try:
            return self._memo.refs[campaign, player]
        except KeyError:
            row = self._sql.one("user_ref", campaign=campaign, player=player)
        ref: str | None = None if row is None else row["user_ref"]
        self._memo.keep_ref(campaign, player, ref)
        return ref

    def of_user(self, campaign: str, user_ref: str) -> list[Link]:
        """Return the links that lead to a userRef."""
        return [
            link_from(row)
            for row in self._sql.many("links_of_user", campaign=campaign, user_ref=user_ref)
        ]

    def set(self, link: Link) -> None:
        """Keep a link in place of an older one."""
        self._memo.refs.pop((link.campaign, link.player), None)
        self._sql.run(
            "set_link",
            campaign=link.campaign,
            player=link.player,
            user_ref=link.user_ref,
            since=as_millis(link.since),
            via=link.via,
        )

    def drop(self, campaign: str, player: str) -> None:
        """Forget a link."""
        self._memo.refs.pop((campaign, player), None)
        self._sql.run("drop_link", campaign=campaign, player=player)

    # -- sessions --

    def session(self, session_id: int) -> Session | None:
        """Return one session."""
        return _maybe(self._sql.one("session", id=session_id))

    def open_session(self, campaign: str, player: str | None, email: str) -> Session | None:
        """Return the open session of this player and address, if there is one."""
        row = self._sql.one("open_session", campaign=campaign, player=player, email=email)
        return _maybe(row)

    def named_session(self, campaign: str, name: str | None, key: str | None) -> Session | None:
        """Return the session that the API calls so, or that was begun under this key."""
        return _maybe(self._sql.one("named_session", campaign=campaign, name=name, key=key))

    def begun_before(self, campaign: str, player: str | None, email: str) -> int:
        """Return how many sessions there were for them."""
        row = self._sql.one("begun_before", campaign=campaign, player=player, email=email)
        return 0 if row is None else int(row[0])

    def insert_session(self, session: Session, look_at: int) -> Session:
        """Store a new session; return it with its number."""
        values = _values(session) | {"look_at": look_at}
        number = self._sql.run("insert_session", **values).lastrowid or 0
        return session_with(session, id=number)

    def save_session(self, session: Session, look_at: int | None) -> None:
        """Store what has changed of a session."""
        self._sql.run("save_session", **(_values(session) | {"look_at": look_at}))

    def sessions_due(self, now: int, limit: int) -> list[Session]:
        """Return the sessions to be looked at now, longest waiting first."""
        return [session_from(row) for row in self._sql.many("sessions_due", now=now, limit=limit)]

    def sessions_of(self, player: str, limit: int) -> list[Session]:
        """Return a player's sessions, newest first."""
        found = self._sql.many("sessions_of_player", player=player, limit=limit)
        return [session_from(row) for row in found]

    def next_session_look(self) -> int | None:
        """Return when a session is to be looked at next."""
        at: int | None = self._sql.run("next_session_look").fetchone()[0]
        return at

    def forget(self, player: str) -> None:
        """Erase the addresses, names and codes that are kept for a player."""
        self._sql.run("erase_journal", player=player)
        self._sql.run("forget_codes", player=player)
        self._sql.run("forget_sessions", player=player)

    def strangers(self, before: int) -> int:
        """Return how many sessions that ended before a time keep the address of nobody's player."""
        return int(self._sql.run("strangers", before=before).fetchone()[0])

    def forget_strangers(self, before: int) -> int:
        """Erase those addresses; return how many there were."""
        return self._sql.run("forget_strangers", before=before).rowcount

    # -- codes --

    def add_code(self, digest: bytes, stands_for: CodeFor, ends_at: int) -> None:
        """Keep a code's hash; another code for the same player or session ends."""
        values = {
            "campaign": stands_for.campaign,
            "player": stands_for.player,
            "session_id": stands_for.session_id,
        }
        self._sql.run("end_codes", **values)
        self._sql.run("add_code", digest=digest, ends_at=ends_at, **values)

    def code(self, digest: bytes, now: int) -> CodeFor | None:
        """Return whom a code stands for, if it is known, fresh and unused."""
        return _stands_for(self._sql.one("code", digest=digest, now=now))

    def used_code(self, digest: bytes) -> CodeFor | None:
        """Return whom a code stood for that was used."""
        return _stands_for(self._sql.one("used_code", digest=digest))

    def use_code(self, digest: bytes, now: int) -> None:
        """A code is good for one use."""
        self._sql.run("use_code", digest=digest, now=now)


def _stands_for(row: sqlite3.Row | None) -> CodeFor | None:
    return None if row is None else CodeFor(row["campaign"], row["player"], row["session_id"])


def link_from(row: sqlite3.Row) -> Link:
    """Read a row of `links`."""
    since = as_moment(row["since"])
    return Link(row["campaign"], row["player"], row["user_ref"], since, row["via"])


def session_from(row: sqlite3.Row) -> Session:
    """Read a row of `sessions`."""
    return Session(
        row["id"],
        row["key"],
        row["campaign"],
        row["player"],
        row["email"],
        row["session_key"],
        row["url"],
        SessionState(row["state"]),
        row["detail"],
        row["user_ref"],
        as_moment(row["started_at"]),
        as_moment(row["updated_at"]),
        as_moment(row["ends_at"]),
        row["looks"],
    )


def _maybe(row: sqlite3.Row | None) -> Session | None:
    return None if row is None else session_from(row)


def session_with(session: Session, **fields: object) -> Session:
    """Return the session with other fields."""
    return replace(session, **fields)  # type: ignore[arg-type]  # dataclasses.replace is untyped


def _values(session: Session) -> dict[str, object]:
    return {
        "id": session.id,
        "key": session.key,
        "campaign": session.campaign,
        "player": session.player,
        "email": session.email,
        "session_key": session.session_key,
        "url": session.url,
        "state": session.state.value,
        "detail": session.detail,
        "user_ref": session.user_ref,
        "started_at": as_millis(session.started_at),
        "updated_at": as_millis(session.updated_at),
        "ends_at": as_millis(session.ends_at),
        "looks": session.looks,
    }
