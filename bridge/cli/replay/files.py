"""The file that is read again, in pieces, with how far it has come.

In: a path, plain or compressed, or - for stdin. Out: pieces.
"""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from rich.console import Console
from rich.progress import Progress, TextColumn

from bridge.cli.printing import note
from bridge.errors import CommandError
from bridge.intake.files.archives import DAMAGE, opened

PIECE: Final = 256 * 1024
#: In a log a line is printed each time that so many bytes have passed.
_STEP: Final = 64 * 1024 * 1024


class Readable(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes:
        """Return so many bytes at most, none at the end."""
        ...


async def pieces(path: Path, advance: Callable[[int], None]) -> AsyncIterator[bytes]:
    """Yield what is in a log; `advance` is told how many bytes have passed.

    Raises:
        CommandError: it is damaged; what came before that was yielded.
        SourceUnreadable: it can't be opened.
    """
    with _stream(path) as stream:
        while True:
            try:
                piece = stream.read(PIECE)
            except DAMAGE as damage:
                raise CommandError(
                    f"{path} is damaged: {damage}", hint="What comes before the damage was read."
                ) from damage
            if not piece:
                return
            yield piece
            advance(len(piece))


@contextmanager
def _stream(path: Path) -> Iterator[Readable]:
    if str(path) == "-":
        yield sys.stdin.buffer
        return
    with opened(path) as stream:
        yield stream


@contextmanager
def progress(what: str, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """Show how many bytes have passed: a bar on a terminal, seldom a line in a log."""
    console = Console(stderr=True)
    passed = 0
    if quiet or not console.is_terminal:

        def line(size: int) -> None:
            nonlocal passed
            before, passed = passed, passed + size
            if not quiet and passed // _STEP != before // _STEP:
                note(f"{what}: {passed // 1024 // 1024} MiB")

        yield line
        return
    with Progress(
        TextColumn("{task.description} {task.fields[mib]} MiB"), console=console, transient=True
    ) as bar:
        task = bar.add_task(what, total=None, mib="0")

        def show(size: int) -> None:
            nonlocal passed
            passed += size
            bar.update(task, mib=f"{passed / 1024 / 1024:.1f}")

        yield show
