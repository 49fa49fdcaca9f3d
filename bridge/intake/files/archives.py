"""Old logs, as they lie about: plain or compressed.

In: paths. Out: streams of what was in them. The first bytes tell how a file is compressed, not its
name.
"""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import BufferedIOBase
from pathlib import Path

from bridge.errors import SourceUnreadable

_KINDS: Mapping[bytes, Callable[[Path], BufferedIOBase]] = {
    b"\x1f\x8b": gzip.GzipFile,
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\x00": lzma.LZMAFile,
}
#: What reading a file raises that is cut off or being written at this moment.
DAMAGE = (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, ValueError)


def is_compressed(head: bytes) -> bool:
    """Return whether a file that begins so is compressed in a way known here."""
    return any(head.startswith(magic) for magic in _KINDS)


@contextmanager
def opened(path: Path) -> Iterator[BufferedIOBase]:
    """Open a log, plain or compressed.

    Raises:
        SourceUnreadable: it is not there, may not be read, or is compressed in a way that isn't
            known here. Damage inside shows when it is read, as one of `DAMAGE`.
    """
    try:
        with path.open("rb") as plain:
            head = plain.read(6)
            if head.startswith(b"\x28\xb5\x2f\xfd"):
                raise SourceUnreadable(
                    f"{path} is compressed with zstd, which isn't read here",
                    hint=f"Unpack it first: `zstd -d {path.name}`.",
                )
            for magic, opener in _KINDS.items():
                if head.startswith(magic):
                    with opener(path) as stream:
                        yield stream
                    return
            plain.seek(0)
            yield plain
    except OSError as failure:
        if isinstance(failure, gzip.BadGzipFile):
            raise
        raise SourceUnreadable(f"{path} can't be read: {failure.strerror}") from failure
