"""`campaign-bridge init`: a configuration to begin with, complete with its token.

In: a path, and where asked for a running sandbox. Out: files that were not there before, and the
next commands. Overwrites nothing.
"""

from bridge.cli.init.command import command

__all__ = ["command"]
