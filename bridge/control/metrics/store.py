"""The outbox's file: commits, what waits for them, what the disk has left, whether it is trusted.

In: the desk's status, what the store measures. Out: numbers.
"""

from typing import Final

from bridge.control.metrics.board import Board, counter, gauge, histogram
from bridge.control.metrics.measured import Measured, Store
from bridge.control.views import Json

FAMILIES: Final = (
    histogram("commit_duration_seconds", "How long commits took, with the sync to disk."),
    counter("commit_jobs", "Jobs in them: more of them than of commits is group commit at work."),
    counter("commit_failures", "Commits that the disk refused."),
    gauge("commit_queue_jobs", "Jobs that wait for the next commit."),
    gauge("outbox_arrivals", "Entries on disk as they arrived, which wait to be filed."),
    gauge("outbox_bytes", "Bytes of the database, its log (wal) and the reserve.", "file"),
    gauge("outbox_disk_free_bytes", "What is free on the outbox's disk."),
    gauge("outbox_disk_bytes", "How large that disk is."),
    gauge("outbox_refusing", "1 while the disk is full: new entries are refused."),
    gauge(
        "outbox_checked_ratio",
        "How much of the outbox's file was looked over for damage since the start: 1 is all of it.",
    ),
    gauge("ledger_sequence", "Number of the ledger's last change; it never falls."),
    gauge("quarantine", "1 while nothing is sent, since the ledger may be an old copy."),
)


def fill(board: Board, status: Json, measured: Measured | None) -> None:
    """Set the numbers of the store."""
    ledger = status["ledger"]
    board.set("ledger_sequence", ledger["sequence"])
    board.set("quarantine", ledger["quarantine"] is not None)
    board.set("outbox_checked_ratio", status.get("outbox_check", {}).get("progress"))
    board.set("commit_jobs", status.get("daemon", {}).get("jobs_committed"))
    if measured is not None:
        _store(board, measured.store)


def _store(board: Board, store: Store) -> None:
    board.took("commit_duration_seconds", store.commits)
    board.set("commit_failures", store.failures)
    board.set("commit_queue_jobs", store.queued)
    board.set("outbox_arrivals", store.arrivals)
    room = store.room()
    board.set("outbox_bytes", room.database, file="database")
    board.set("outbox_bytes", room.log, file="wal")
    board.set("outbox_bytes", room.reserve, file="reserve")
    board.set("outbox_disk_free_bytes", room.free)
    board.set("outbox_disk_bytes", room.disk)
    board.set("outbox_refusing", room.refusing)
