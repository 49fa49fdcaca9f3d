"""References that serve: a program of this package as a process that says on which port it is.

In: a module. Out: its address, for as long as it is needed. Knows nothing of what it serves.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from benchmarks.contract import Bench

_START: Final = 20.0


@asynccontextmanager
async def serving(bench: Bench, module: str) -> AsyncIterator[tuple[str, int]]:
    """Run `module` on `bench.serve`; it prints its port, and ends with its standard input.

    Raises:
        RuntimeError: it ended before it listened.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", module, str(bench.serve)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None  # noqa: S101  # it was asked for
        line = await asyncio.wait_for(process.stdout.readline(), _START)
        if not line:
            raise RuntimeError(f"{module} ended before it listened; its standard error says why")
        yield ("127.0.0.1", int(line))
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
