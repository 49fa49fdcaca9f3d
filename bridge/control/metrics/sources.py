"""How each source stands: what came of its messages, and how far a followed log is read.

In: the desk's status. Out: numbers.
"""

from datetime import datetime
from typing import Final

from bridge.control.metrics.board import Board, counter, gauge
from bridge.control.views import Json

#: A source's sums: name → (what `status` calls it, meaning).
_SUMS: Final = {
    "messages": ("messages", "Messages, lines or files that came."),
    "events": ("events", "Events that its adapter made of them."),
    "entries": ("entries", "New entries."),
    "duplicates": ("duplicates", "Events that were known."),
    "counted": ("counted", "Events that moved a counter and made no entry."),
    "not_replayed": ("not_replayed", "Events of a replay that a counter passed over."),
    "no_rule": ("no_rule", "Events that no rule has a use for."),
    "refused": ("rejected", "Messages and events that were refused."),
    "aside": ("aside", "Messages that its adapter failed on; with a file they are kept aside."),
}
#: A followed log's sums.
_FOLLOWED: Final = {
    "lines": "Lines that were read.",
    "rotations": "Logs read to their end, since another file took their place.",
    "rewritten": "Times that a log no longer held what was read of it.",
    "too_long": "Lines too long to be handed on.",
}

FAMILIES: Final = (
    gauge(
        "source_info", "1 for each source, with its adapter and way.", "source", "adapter", "way"
    ),
    *(counter(f"source_{name}", meaning, "source") for name, (_, meaning) in _SUMS.items()),
    *(counter(f"source_{name}", meaning, "source") for name, meaning in _FOLLOWED.items()),
    counter("source_datagrams", "Datagrams that came.", "source"),
    counter("source_datagrams_refused", "Refused datagrams by reason.", "source", "reason"),
    gauge("source_lag_bytes", "Bytes of a followed log that are not read yet.", "source"),
    gauge("source_last_line_timestamp_seconds", "When its last line came, Unix time.", "source"),
    gauge("source_stuck", "1 while its log or state files can't be read or kept.", "source"),
    gauge("source_figure", "What its adapter shows of its memory.", "source", "figure"),
)


def fill(board: Board, status: Json) -> None:
    """Set the numbers of every source."""
    for view in status.get("sources", ()):
        name = view["name"]
        board.set("source_info", 1, source=name, adapter=view["adapter"], way=view["way"])
        for short, (told, _) in _SUMS.items():
            board.set(f"source_{short}", view["counts"][told], source=name)
        for figure, value in view["counts"]["figures"].items():
            board.set("source_figure", value, source=name, figure=figure)
        _way(board, name, view)


def _way(board: Board, name: str, view: Json) -> None:
    following, files, udp = view["following"], view["state_files"], view["udp"]
    if following is not None:
        for short in _FOLLOWED:
            board.set(f"source_{short}", following[short], source=name)
        board.set("source_lag_bytes", following["behind"], source=name)
        last = following["last_line_at"]
        if last is not None:
            at = datetime.fromisoformat(last).timestamp()
            board.set("source_last_line_timestamp_seconds", at, source=name)
    readers = [reader for reader in (following, files) if reader is not None]
    if readers:
        stuck = any(reader["trouble"] is not None for reader in readers)
        board.set("source_stuck", stuck, source=name)
    if udp is not None:
        board.set("source_datagrams", udp["received"], source=name)
        for reason, n in udp["rejected"].items():
            board.set("source_datagrams_refused", n, source=name, reason=reason)
