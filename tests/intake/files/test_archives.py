"""Old logs, plain or compressed."""

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.errors import SourceUnreadable
from bridge.intake.files.archives import DAMAGE, opened

KINDS = {"plain": bytes, "gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress}


@pytest.mark.parametrize("pack", KINDS.values(), ids=KINDS)
def test_what_was_in_it_comes_out_whatever_its_name(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    (tmp_path / "old").write_bytes(pack(b"one\ntwo\n"))
    with opened(tmp_path / "old") as stream:
        assert stream.read() == b"one\ntwo\n"


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_damage_shows_when_it_is_read(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    (tmp_path / "old").write_bytes(pack(b"one\ntwo\n" * 1000)[:-5])
    with opened(tmp_path / "old") as stream, pytest.raises(DAMAGE):
        stream.read()


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(SourceUnreadable, match=r"gone\.log can't be read"),
        opened(tmp_path / "gone.log"),
    ):
        pass


def test_what_cannot_be_unpacked_here_is_named(tmp_path: Path) -> None:
    (tmp_path / "old.zst").write_bytes(b"\x28\xb5\x2f\xfd....")
    with pytest.raises(SourceUnreadable, match="zstd"), opened(tmp_path / "old.zst"):
        pass
