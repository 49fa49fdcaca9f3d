"""Where the daemon's log goes: stderr, for people on a terminal, as JSON lines otherwise.

In: nothing. Out: structlog set up. Every line carries a stable `action` word.
"""

import logging
import sys

import structlog


def log_to_stderr(level: int = logging.INFO) -> None:
    """Set up the log."""
    terminal = sys.stderr.isatty()
    renderer = structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
