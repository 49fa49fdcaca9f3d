"""What comes in: the doors of the achievements, and the sockets under them.

In: the desk's status, what the kernel says of UDP sockets. Out: numbers.
"""

from typing import Final

from bridge.control.metrics.board import Board, counter, gauge
from bridge.control.metrics.measured import Measured
from bridge.control.views import Json

FAMILIES: Final = (
    counter("intake_received", "Achievements and links that came, readable or not.", "door"),
    counter("intake_stored", "New ones, on disk.", "door"),
    counter("intake_duplicates", "Those that were known.", "door"),
    counter("intake_rejected", "Refused ones by the error's code.", "door", "code"),
    counter("intake_unsent", "Acknowledgements that could not be sent.", "door"),
    counter("intake_differing", "Events whose id is known, with other content."),
    counter(
        "counters_passed_over",
        "Events that a counter had to pass over, by what they lack.",
        "reason",
    ),
    counter("udp_dropped", "Datagrams that the kernel dropped: its buffer was full.", "door"),
    gauge("udp_receive_buffer_bytes", "Receive buffer that the kernel gave.", "door"),
    gauge(
        "udp_receive_buffer_missing_bytes",
        "How much less that is than [udp] receive_buffer.",
        "door",
    ),
)


def fill(board: Board, status: Json, measured: Measured | None) -> None:
    """Set the numbers of every door."""
    doors = dict(status.get("intake", {}))
    board.set("intake_differing", doors.pop("differing", None))
    for door, counts in doors.items():
        for name in ("received", "stored", "duplicates", "unsent"):
            board.set(f"intake_{name}", counts[name], door=door)
        for code, n in counts["rejected"].items():
            board.set("intake_rejected", n, door=door, code=code)
    if measured is not None:
        _measured(board, measured)


def _measured(board: Board, measured: Measured) -> None:
    for reason, n in measured.passed_over.items():
        board.set("counters_passed_over", n, reason=reason)
    for door, buffer in measured.buffers.items():
        board.set("udp_dropped", buffer.dropped, door=door)
        board.set("udp_receive_buffer_bytes", buffer.given, door=door)
        if buffer.given is not None:
            missing = max(0, buffer.asked - buffer.given)
            board.set("udp_receive_buffer_missing_bytes", missing, door=door)
