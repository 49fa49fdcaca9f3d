"""Sandboxes that die, each in a process of its own, at a statement of the database.

In: orders on stdin, a line of JSON each. Out: a line `up PID URL` once a sandbox listens, and a
line `ended CODE` once its process is gone. Knows nothing of what the test then looks at.

One process has imported everything; each sandbox is a fork of it, so that a life costs
milliseconds. `dies_at` n kills it (SIGKILL, by itself) before the n-th statement after the first
one that holds `begins` and can write; what only reads is not counted.
"""

import asyncio
import json
import os
import signal
import sqlite3
import sys
from functools import partial
from typing import Any, TextIO

from bridge.sandbox.server import Sandbox, SandboxSettings, serve


class Watched(sqlite3.Connection):
    """A connection that counts its statements, and kills."""

    begins = ""
    dies_at = -1

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._writes, self._seen = False, -1
        self.set_trace_callback(self._count)

    def _count(self, statement: str) -> None:
        self._writes = self._writes or statement.startswith("BEGIN IMMEDIATE")
        if self._seen >= 0 or (self._writes and self.begins in statement):
            self._seen += 1
        if self._seen == self.dies_at >= 0:
            os.kill(os.getpid(), signal.SIGKILL)


def live(order: dict[str, Any], said: TextIO) -> None:
    """Run one sandbox until it is killed."""

    def announce(sandbox: Sandbox) -> None:
        print("up", os.getpid(), sandbox.url, file=said, flush=True)

    if order["dies_at"] is not None:
        Watched.begins, Watched.dies_at = order["begins"], order["dies_at"]
        # The one place that every connection comes from; nothing of the sandbox is replaced.
        watched = partial(sqlite3.connect, factory=Watched)
        sqlite3.connect = watched  # type: ignore[assignment]  # it takes the same arguments
    asyncio.run(serve(SandboxSettings.model_validate(order["settings"]), announce))


def main() -> None:
    """Take orders until there are no more."""
    said = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # logs are not for the one who gives the orders
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                live(json.loads(line), said)
            finally:
                os._exit(1)
        _, status = os.waitpid(child, 0)
        print("ended", os.waitstatus_to_exitcode(status), file=said, flush=True)


if __name__ == "__main__":
    main()
