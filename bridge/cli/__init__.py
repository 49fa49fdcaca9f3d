"""The command `campaign-bridge`: one file a command, loaded when it is called.

In: arguments. Out: exit code 0 (done), 1 (refused or failed), 2 (usage). Every error is printed
as `error: …` with a `hint: …`; no traceback reaches the operator.
"""

from bridge.cli.program import main

__all__ = ["main"]
