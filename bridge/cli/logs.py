"""Where the program's log goes: stderr, for people on a terminal, as JSON lines otherwise.

In: nothing. Out: structlog set up. Every line carries a stable `action` word; on a terminal what
strangers wrote is escaped like everything that is printed.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from bridge.cli.printing import harmless


def log_to_stderr(level: int = logging.INFO) -> None:
    """Set up the log."""
    on_terminal = [
        _harmless_values,
        structlog.dev.ConsoleRenderer(
            exception_formatter=structlog.dev.plain_traceback  # never with what variables hold
        ),
    ]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            *(on_terminal if sys.stderr.isatty() else [structlog.processors.JSONRenderer()]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    # aiohttp tells of bytes that are no HTTP with a traceback each: anybody could fill the disk.
    logging.getLogger("aiohttp").setLevel(logging.CRITICAL)


def _harmless_values(
    logger: object, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    return {
        name: harmless(value) if isinstance(value, str) else value for name, value in event.items()
    }
