"""The witness of a ledger: what it says after tears, cuts, copies and plain reboots."""

import os
import random
import shutil
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import StoreUnavailable
from bridge.outbox import witness as ours
from bridge.outbox.machine import machine_id
from bridge.outbox.store import SqliteOutbox, open_outbox, witness_path
from bridge.outbox.views import Standing
from bridge.outbox.witness import SLOT, Heard, Witness, doubt
from tests.outbox.play import ALICE, CAMPAIGN, Play, entry, terms
from tests.support.clock import FakeClock

LEDGER = UUID(int=7)


def said(sequence: int, machine: str | None = "one") -> ours.Testimony:
    return ours.Testimony(LEDGER, sequence, machine)


def standing(sequence: int, *, rows: bool = True, copied: bool = False) -> Standing:
    return Standing(LEDGER, sequence, "", copied, rows)


def heard(path: Path) -> Heard:
    witness = Witness.open(path)
    witness.close()
    return witness.heard


# -- the file -------------------------------------------------------------------------------


def test_it_says_what_it_was_told_last(tmp_path: Path) -> None:
    witness = Witness.open(tmp_path / "w")
    assert witness.heard == Heard()
    for sequence in range(5):
        assert witness.write(said(sequence))
    witness.close()

    assert heard(tmp_path / "w") == Heard(said(4))
    assert (tmp_path / "w").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("count", [2, 3])
def test_a_torn_write_leaves_the_one_before(tmp_path: Path, count: int) -> None:
    witness = Witness.open(tmp_path / "w")
    for sequence in range(1, count + 1):
        witness.write(said(sequence))
    witness.close()
    whole = (tmp_path / "w").read_bytes()
    slot = count % 2
    for torn in range(1, SLOT - 300):
        place = slot * SLOT + torn
        (tmp_path / "w").write_bytes(whole[:place] + b"\0" * 150 + whole[place + 150 :])
        found = heard(tmp_path / "w").testimony
        assert found in {said(count - 1), said(count)}


def test_a_file_of_anything_else_is_damaged(tmp_path: Path) -> None:
    chance = random.Random(1)
    for length in (0, 1, SLOT - 1, SLOT, 2 * SLOT, 5000):
        (tmp_path / "w").write_bytes(chance.randbytes(length))
        assert heard(tmp_path / "w") == Heard(None, damaged=True)


def test_a_symlink_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("precious")
    (tmp_path / "w").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(StoreUnavailable, match="witness"):
        Witness.open(tmp_path / "w")
    assert (tmp_path / "elsewhere").read_text() == "precious"


def test_a_disk_that_refuses_is_trouble_and_no_failure(tmp_path: Path) -> None:
    witness = Witness.open(tmp_path / "w")
    os.close(witness._file)

    assert not witness.write(said(1))
    assert witness.trouble


# -- what it means --------------------------------------------------------------------------


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.sampled_from([None, "one"]))
def test_on_one_machine_only_a_database_behind_it_is_doubted(
    sequence: int, seen: int, machine: str | None
) -> None:
    assert bool(doubt(standing(sequence), Heard(said(seen)), machine)) is (sequence < seen)


@pytest.mark.parametrize(
    ("stands", "hears", "machine", "words"),
    [
        (standing(5), Heard(), "one", "missing"),
        (standing(5), Heard(damaged=True), "one", "damaged"),
        (standing(0, rows=False), Heard(damaged=True), "one", "lost"),
        (standing(5, copied=True), Heard(said(5)), "one", "backup"),
        (standing(5), Heard(said(5)), "two", "another machine"),
        (Standing(uuid4(), 5, "", copied=False, rows=True), Heard(said(5)), "one", "another"),
        (Standing(uuid4(), 0, "", copied=False, rows=False), Heard(said(5)), "one", "lost"),
    ],
)
def test_it_says_what_is_wrong(stands: Standing, hears: Heard, machine: str, words: str) -> None:
    assert words in doubt(stands, hears, machine)


def test_a_new_ledger_and_an_unknown_machine_are_fine() -> None:
    assert not doubt(standing(0, rows=False), Heard(), "one")
    assert not doubt(standing(5), Heard(said(5, None)), "one")
    assert not doubt(standing(5), Heard(said(5)), None)


# -- the machine ----------------------------------------------------------------------------


def machine_in(root: Path, **files: str) -> str | None:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_id", "-id")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return machine_id(root)


def test_machines_differ_by_their_ids_which_are_not_shown(tmp_path: Path) -> None:
    raw = "0123456789abcdef0123456789abcdef"
    one = machine_in(tmp_path / "1", etc__machine_id=raw + "\n")

    assert one is not None
    assert raw not in one
    assert one == machine_in(tmp_path / "2", var__lib__dbus__machine_id=raw)
    assert one != machine_in(tmp_path / "3", etc__machine_id=raw[::-1])


@pytest.mark.parametrize("text", ["", "\n", "uninitialized\n"])
def test_a_machine_without_an_id_has_none(tmp_path: Path, text: str) -> None:
    assert machine_in(tmp_path, etc__machine_id=text) is None


@pytest.mark.parametrize(
    "sign",
    [
        {"run__.containerenv": ""},
        {".dockerenv": ""},
        {"run__systemd__container": "podman"},
        {"proc__1__environ": "PATH=/bin\0container=lxc\0"},
        {"proc__1__cgroup": "0::/docker/8f2a\n"},
    ],
    ids=str,
)
def test_a_container_has_none(tmp_path: Path, sign: dict[str, str]) -> None:
    assert machine_in(tmp_path, etc__machine_id="abc", **sign) is None


# -- with a ledger --------------------------------------------------------------------------


async def reopened(path: Path, machine: str = "one") -> str:
    """Open the outbox once more; return why it is in quarantine."""
    async with open_outbox(path, FakeClock(), machine=machine) as outbox:
        return (await outbox.standing()).quarantine


async def filled(outbox: SqliteOutbox, *numbers: int) -> None:
    await Play(outbox, FakeClock()).taken(*(entry(number) for number in numbers))


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    path = tmp_path / "outbox.db"
    async with open_outbox(path, FakeClock(), machine="one") as outbox:
        await filled(outbox, 1)
    return path


async def test_a_plain_reboot_is_no_reason(path: Path) -> None:
    for _ in range(3):
        assert await reopened(path) == ""


async def test_an_older_database_is_noticed(path: Path) -> None:
    shutil.copy(path, path.with_name("old.db"))
    async with open_outbox(path, FakeClock(), machine="one") as outbox:
        await filled(outbox, 2)
    shutil.copy(path.with_name("old.db"), path)

    assert "old copy" in await reopened(path)
    assert "old copy" in await reopened(path)  # until somebody releases it


async def test_a_witness_that_is_behind_is_no_reason(path: Path) -> None:
    """As after a power cut, which may take the witness's last writes."""
    shutil.copy(witness_path(path), path.with_name("old.witness"))
    async with open_outbox(path, FakeClock(), machine="one") as outbox:
        await filled(outbox, 2)
    shutil.copy(path.with_name("old.witness"), witness_path(path))

    assert await reopened(path) == ""


async def test_a_missing_witness_and_a_lost_database_are_noticed(path: Path) -> None:
    os.unlink(witness_path(path))  # noqa: PTH108
    assert "missing" in await reopened(path)
    os.unlink(path)  # noqa: PTH108
    assert "lost" in await reopened(path)


async def test_another_machine_sends_nothing_until_it_is_released(path: Path) -> None:
    async with open_outbox(path, FakeClock(), machine="two") as outbox:
        play = Play(outbox, FakeClock())
        await outbox.link(CAMPAIGN, ALICE, "usr_1", "operator")
        await play.taken(entry(2))
        stopped = await outbox.claim(CAMPAIGN, 10, terms())
        assert (stopped.claims, stopped.stopped) == ((), "quarantine")

        await outbox.release("quarantine", "operator")
        assert len((await outbox.claim(CAMPAIGN, 10, terms())).claims) == 1
    assert await reopened(path, "two") == ""
