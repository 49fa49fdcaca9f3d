"""Room on the disk: new rows are refused before it is too late, what is essential goes on.

Real limits on real processes: a file-size limit in a process of its own, and a small disk.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge.errors import StoreFull, StoreUnavailable
from bridge.sqlite.database import Database
from bridge.sqlite.space import Space
from tests.sqlite.test_database import NOTES, note, notes

#: Fills a database up to a file-size limit, goes on with what is essential, lifts the limit.
FILLER = """
import asyncio, json, resource, sys
from pathlib import Path
from bridge.errors import StoreFull
from bridge.sqlite.database import Database
from tests.sqlite.test_database import NOTES, note

LIMIT = 1_000_000

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

async def fill(database, name, most):
    for number in range(most):
        try:
            await database.write(note(f"{name}{number:0>3000}"))
        except StoreFull as full:
            return number, str(full)
    return most, ""

async def main():
    told = {}
    async with Database(Path(sys.argv[1]), NOTES, reserve=65536) as database:
        limit(LIMIT)
        await database.write(note("counter"))
        told["stored"], told["refusal"] = await fill(database, "a", 2000)
        told["again"], _ = await fill(database, "b", 5)
        for number in range(300):
            await database.write(
                lambda db: db.execute("UPDATE notes SET text = 'c' || ? WHERE text LIKE 'c%'",
                    (number,)), grows=False)
        told["size"] = max(file.stat().st_size for file in Path(sys.argv[1]).parent.iterdir())
        limit(resource.RLIM_INFINITY)
        told["after"], told["refusal_after"] = await fill(database, "d", 600)
        limit(LIMIT)
        told["lowered"], _ = await fill(database, "e", 5)
        limit(resource.RLIM_INFINITY)
        try:
            await database.write(note("x" * 100))
            limit(told["size"])
            await database.write(note("y" * 2_000_000))
        except StoreFull as full:
            told["too_large"] = str(full)
        limit(resource.RLIM_INFINITY)
        await database.write(note("the end"))
    print(json.dumps(told))

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a process under a file-size limit met."""
    path = tmp_path_factory.mktemp("limited") / "a.db"
    filler = subprocess.run(
        [sys.executable, "-c", FILLER, str(path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert filler.returncode == 0, filler.stderr
    answers: dict[str, Any] = json.loads(filler.stdout.splitlines()[-1])
    return answers


def test_growth_is_refused_before_the_file_size_limit(told: dict[str, Any]) -> None:
    assert 50 < told["stored"] < 330
    assert "nothing was stored" in told["refusal"]
    assert "file-size limit of 1000000 bytes" in told["refusal"]
    assert told["again"] == 0


def test_no_file_exceeds_the_limit_while_what_is_essential_goes_on(told: dict[str, Any]) -> None:
    assert told["size"] <= 1_000_000


def test_growth_goes_on_once_the_limit_is_lifted(told: dict[str, Any]) -> None:
    assert (told["after"], told["refusal_after"]) == (600, "")


def test_a_limit_that_is_set_on_a_larger_file_refuses_growth(told: dict[str, Any]) -> None:
    assert told["lowered"] == 0


def test_a_write_that_runs_into_the_limit_is_refused_as_full(told: dict[str, Any]) -> None:
    assert "nothing was stored" in told["too_large"]


# -- the reserve ----------------------------------------------------------------------------


async def test_the_reserve_is_kept_beside_the_database(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with Database(path, NOTES, reserve=65536) as database:
        kept = path.with_name("a.db.reserve").stat()

        assert database.growth_refused() is None

    assert kept.st_size == 65536
    assert kept.st_blocks * 512 >= 65536


def _exists(file: Path) -> bool:
    return file.exists()


async def test_without_a_reserve_nothing_is_kept_back(tmp_path: Path) -> None:
    async with Database(tmp_path / "a.db", NOTES) as database:
        assert database.growth_refused() is None

    assert not _exists(tmp_path / "a.db.reserve")


def test_a_reserve_that_was_given_up_is_taken_back_where_it_fits(tmp_path: Path) -> None:
    space = Space(tmp_path / "a.db", 4096)
    space.secure()
    space.give_up("the disk is full")
    gone = not (tmp_path / "a.db.reserve").exists()

    assert gone
    assert space.growth_refused(0) is None
    assert (tmp_path / "a.db.reserve").stat().st_size == 4096


def test_a_reserve_that_does_not_fit_keeps_growth_refused(tmp_path: Path) -> None:
    space = Space(tmp_path / "a.db", 2**62)
    space.give_up("the disk is full")

    assert space.growth_refused(0) == "the disk is full"
    assert not (tmp_path / "a.db.reserve").exists()


# -- a full disk ----------------------------------------------------------------------------


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a disk of four mebibytes."""
    if os.geteuid() != 0:
        pytest.fail("mounting a tmpfs needs root: run `make test-system` as root")
    folder.mkdir()
    subprocess.run(["/bin/mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["/bin/umount", folder], check=True)


async def _fill(database: Database, name: str, most: int) -> int:
    for number in range(most):
        try:
            await database.write(note(f"{name}{number:0>3000}"))
        except StoreFull:
            return number
    return most


def _take(file: Path) -> None:
    """Write until the disk is full."""
    with contextlib.suppress(OSError), file.open("wb", buffering=0) as filler:
        while filler.write(bytes(4096)):
            pass


@pytest.mark.system
@pytest.mark.parametrize("whose", ["its own", "another's"])
async def test_on_a_full_disk_new_rows_are_refused_and_the_essential_goes_on(
    tmp_path: Path, whose: str
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        async with Database(disk / "a.db", NOTES, reserve=256 * 1024) as database:
            filler = disk / "filler"
            filler.write_bytes(bytes(512 * 1024))
            await database.write(note("counter"))
            if whose == "another's":
                _take(filler)
            stored = await _fill(database, "a", 5000)
            refused = await _fill(database, "b", 1), database.growth_refused()
            for number in range(200):
                await database.write(_count(number), grows=False)
            kept = await database.read(notes)
            filler.unlink()
            recovered = await _fill(database, "d", 20)

        assert stored < 5000
        assert refused[0] == 0
        assert "full" in str(refused[1])
        assert len(kept) == stored + 1
        assert "c199" in kept
        assert recovered == 20


def _count(number: int) -> Any:
    return lambda db: db.execute("UPDATE notes SET text = ? WHERE text LIKE 'c%'", (f"c{number}",))


@pytest.mark.system
async def test_a_full_disk_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        async with Database(disk / "a.db", NOTES, reserve=64 * 1024) as database:
            stored = await _fill(database, "a", 5000)
        (disk / "a.db.reserve").unlink(missing_ok=True)
        async with Database(disk / "a.db", NOTES) as database:
            assert len(await database.read(notes)) == stored
            with pytest.raises(StoreUnavailable):
                await database.write(lambda db: [note(f"{n:0>9000}")(db) for n in range(999)])
