"""All that is known of one player, on one screen.

In: a player's story as JSON. Out: harmless lines.
"""

from collections.abc import Iterator

from bridge.cli.printing import one_line, plural, since
from bridge.cli.receipt import session_lines
from bridge.cli.words import missing
from bridge.control.views import Json

#: Links made and ended, link sessions and entries that a screen has room for.
_NOTES, _SESSIONS, _ENTRIES = 5, 3, 15
_BECAME = {"link": "linked", "unlink": "unlinked", "forget": "forgotten"}


def lines(story: Json) -> Iterator[str]:
    """Return the story line by line."""
    player = one_line(story["player"])
    yield player
    for link in story["links"]:
        yield (
            f"  linked to {one_line(link['userRef'])} in {one_line(link['campaign'])}, "
            f"for {since(link['since'])}, by {one_line(link['via'])}"
        )
    if not story["links"]:
        yield f"  not linked; `players link {player} USERREF`, or let the game start a link"
    if len(story["journal"]) > len(story["links"]):  # more than how it came to be as it is
        yield from map(_note, story["journal"][:_NOTES])
    for session in story["sessions"][:_SESSIONS]:
        yield from _session(session)
    yield from _entries(story["entries"])


def _note(note: Json) -> str:
    became = _BECAME.get(note["what"], one_line(note["what"]))
    which = f" {one_line(note['detail'])}" if note["detail"] else ""
    return f"  {since(note['at'])} ago {became}{which}, by {one_line(note['who'])}"


def _session(session: Json) -> Iterator[str]:
    told = [f"{since(at)} ago {said}" for at, said in session_lines(session)]
    open_one = "; not decided yet" if session["state"] in {"starting", "pending"} else ""
    yield f"  {', '.join(told)}{open_one}"


def _entries(entries: list[Json]) -> Iterator[str]:
    if not entries:
        yield "  nothing was achieved yet"
        return
    for entry in entries[:_ENTRIES]:
        lacks = missing(entry)
        amount = f" {one_line(entry['amount'])}" if entry["amount"] else ""
        yield (
            f"  {one_line(entry['key'])}  {entry['entry_state']:9}  {one_line(entry['event_code'])}"
            f"{amount}, {since(entry['created_at'])} ago" + (f"; {lacks}" if lacks else "")
        )
    more = len(entries) - _ENTRIES
    if more > 0:
        yield f"  and {plural(more, 'older entry', 'older entries')}: `outbox list --player …`"
