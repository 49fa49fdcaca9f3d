"""`campaign-bridge replay`: an old log is read again; what was counted counts no second time.

In: a log, plain or compressed. Out: new entries, after a look at what they would cost.
"""

from bridge.cli.replay.command import command

__all__ = ["command"]
