"""Disks that are full, read-only or somebody else's: why not is said, and nothing is lost."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from bridge.errors import StoreError, StoreFull, StoreUnavailable
from bridge.outbox.archive.backup import back_up
from bridge.outbox.archive.examining import Level, examine
from bridge.outbox.store import open_outbox
from bridge.rules.key import payout_key
from bridge.sqlite.scripts import load_migrations
from tests.outbox.archive.full import keys_in, overwrite, pages_of
from tests.support.clock import FakeClock

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[3]
NOBODY = 65534


def mount(folder: Path, *options: str) -> None:
    done = subprocess.run(
        ["/bin/mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.fail(f"mount needs root and a kernel that allows it: {done.stderr.decode()}")


def remount(folder: Path, *options: str) -> None:
    subprocess.run(["/bin/mount", "-o", ",".join(["remount", *options]), str(folder)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount(folder, "size=4m")
    yield folder
    subprocess.run(["/bin/umount", str(folder)], check=True)


@pytest.fixture
def kept(whole: Path, disk: Path) -> Path:
    """The outbox of rows of every kind, on that disk."""
    shutil.copytree(whole.parent, disk, dirs_exist_ok=True)
    return disk / "outbox.db"


def fill(disk: Path) -> None:
    """Leave no room at all."""
    with suppress(OSError), (disk / "ballast").open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 4096)


async def opened(path: Path) -> None:
    async with open_outbox(path, FakeClock(), machine="one", key_of=payout_key):
        pass


def test_where_there_is_no_room_to_salvage_nothing_is_moved_and_with_room_it_goes_on(
    kept: Path, whole: Path
) -> None:
    overwrite(kept, pages_of(kept, "entries")[3])
    damaged = kept.read_bytes()
    fill(kept.parent)

    with pytest.raises(StoreError, match=r"full|No space|room"):
        asyncio.run(opened(kept))
    assert kept.read_bytes() == damaged
    assert not list(kept.parent.glob("*.salvaging*"))

    (kept.parent / "ballast").unlink()
    asyncio.run(opened(kept))
    assert keys_in(kept) == keys_in(whole)


def test_a_backup_that_finds_no_room_leaves_nothing(path: Path, disk: Path) -> None:
    fill(disk)

    with pytest.raises(StoreFull, match=r"copy\.db"):
        back_up(path, disk / "copy.db")
    assert [found.name for found in disk.iterdir()] == ["ballast"]


def test_a_full_disk_is_called_full_also_where_it_is_only_read(kept: Path) -> None:
    fill(kept.parent)

    with pytest.raises(StoreFull, match="full"):
        back_up(kept, kept.parent / "copy.db")


def test_a_folder_that_can_only_be_read_is_named_and_left_alone(kept: Path) -> None:
    content = kept.read_bytes()
    remount(kept.parent, "ro")
    try:
        with pytest.raises(StoreUnavailable, match=r"outbox\.db can't be opened: Read-only"):
            asyncio.run(opened(kept))
        found = examine(kept, load_migrations("bridge.outbox.sqlite.migrations"), "one")
    finally:
        remount(kept.parent, "rw")
    assert kept.read_bytes() == content
    problems = [each for each in found if each.level is Level.PROBLEM]
    assert [each.what for each in problems] == ["file"]
    assert "can't be read" in problems[0].detail


def test_somebody_elses_file_is_named_with_what_to_do(whole: Path, tmp_path: Path) -> None:
    """Run as nobody, to whom neither the file nor its folder belongs."""
    folder = Path(f"/tmp/cb-{os.getpid()}")  # noqa: S108  # where nobody may enter
    shutil.copytree(whole.parent, folder)
    folder.chmod(0o755)
    code = f"""
import os, sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
import asyncio
from bridge.outbox.archive.examining import examine
from bridge.outbox.store import open_outbox
from bridge.rules.key import payout_key
from bridge.errors import BridgeError
from bridge.sqlite.scripts import load_migrations
from bridge.daemon import SystemClock
steps = load_migrations("bridge.outbox.sqlite.migrations")
os.setgid({NOBODY}); os.setuid({NOBODY})
path = Path({str(folder / "outbox.db")!r})
async def main():
    try:
        async with open_outbox(path, SystemClock(), key_of=payout_key):
            print("opened")
    except BridgeError as refused:
        print(refused)
asyncio.run(main())
for found in examine(path, steps, "one"):
    print(found.level, found.detail, found.hint)
"""
    try:
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    finally:
        shutil.rmtree(folder)
    said = done.stdout.decode()

    assert "Permission denied" in said, done.stderr.decode()
    assert "this user may not read" in said
    assert "it belongs to user 0" in said
