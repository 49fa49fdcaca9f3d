"""`campaign-bridge check`: everything that can be known before money moves.

In: the configuration. Out: a list of findings, each with its hint. Reads only; `--accept-rekey`
alone changes something, and says what first.
"""

from bridge.cli.check.command import command

__all__ = ["command"]
