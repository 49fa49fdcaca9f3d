"""What a running bridge measures of itself, beside what `status` tells: for /metrics.

In: its rooms. Out: `Measured`. Changes nothing.
"""

from importlib.metadata import version

from bridge.control.metrics.measured import Buffer, Measured, Store
from bridge.control.webhooks import Receiver
from bridge.daemon.report import Report
from bridge.events import Clock
from bridge.intake import drain
from bridge.outbox.store import SqliteOutbox
from bridge.pipeline.counting import LACKS, NEEDS_ID
from bridge.settings.units import APP


def measured(report: Report, outbox: SqliteOutbox, receiver: Receiver, clock: Clock) -> Measured:
    """Return one moment's measures."""
    database = outbox.database
    return Measured(
        version(APP),
        clock.now().timestamp(),
        outbox.clock_ahead(),
        Store(
            database.durations,
            database.failures,
            database.queued,
            outbox.filing.waiting,
            database.busy(),
            database.room,
        ),
        report.lanes.durations(),
        report.lanes.busy(),
        _buffers(report),
        dict(receiver.confirmed),
        {reason: report.pipeline.uncounted.sums[reason] for reason in (LACKS, NEEDS_ID)},
    )


def _buffers(report: Report) -> dict[str, Buffer]:
    found: dict[str, drain.Buffer] = {}
    if report.udp is not None:
        found["udp"] = report.udp.buffer()
    if report.sources is not None:
        found |= {f"source {name}": told for name, told in report.sources.buffers().items()}
    asked = report.settings.udp.receive_buffer
    return {door: Buffer(told.given, asked, told.dropped) for door, told in found.items()}
