"""Where the program's log goes: stderr for people on a terminal, the journal, else JSON lines.

In: what stderr is. Out: structlog set up. Every line carries a stable `action` word
(docs/operations.md lists them); on a terminal what strangers wrote is escaped like everything
that is printed.
"""

import logging
import os
import sys
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from bridge.cli import journal
from bridge.cli.printing import harmless
from bridge.loading import without

with without("rich"):  # would be loaded for tracebacks that show what variables hold
    import structlog


def log_to_stderr(level: int = logging.INFO, socket: Path = journal.JOURNAL) -> None:
    """Set up the log; `socket` is the journal's, used where stderr leads to it."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            *_last_processors(socket),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_factory(socket),
    )
    # aiohttp tells of bytes that are no HTTP with a traceback each: anybody could fill the disk.
    logging.getLogger("aiohttp").setLevel(logging.CRITICAL)


def _last_processors(socket: Path) -> list[Any]:
    if sys.stderr.isatty():
        renderer = structlog.dev.ConsoleRenderer(
            exception_formatter=structlog.dev.plain_traceback  # never with what variables hold
        )
        return [_harmless_values, renderer]
    return [journal.fields if _to_journal(socket) else structlog.processors.JSONRenderer()]


def _factory(socket: Path) -> Any:
    if not _to_journal(socket):
        return structlog.WriteLoggerFactory(file=sys.stderr)
    logger = journal.logger(socket)
    return lambda *_: logger


def _to_journal(socket: Path) -> bool:
    """Whether stderr leads to the journal, and its own socket can be had."""
    told = os.environ.get("JOURNAL_STREAM", "")
    try:
        descriptor = sys.stderr.fileno()
    except (OSError, ValueError):  # a stderr that is no file
        return False
    return bool(told) and journal.is_journal(descriptor, told) and socket.exists()


def _harmless_values(
    logger: object, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    return {
        name: harmless(value) if isinstance(value, str) else value for name, value in event.items()
    }
