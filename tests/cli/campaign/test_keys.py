"""Keys of open orders: on disk before anything is sent, for one campaign of one host."""

import json
import multiprocessing
import os
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.cli.campaign.keys import Drawer, OrderKey
from bridge.errors import CommandError

KEY = OrderKey("start-1", datetime(2026, 11, 23, 12, tzinfo=UTC))
HOST = "https://oncade.gg/api"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "orders"


@pytest.fixture
def drawer(folder: Path) -> Iterator[Drawer]:
    made = Drawer(folder, HOST, "camp_1")
    with made.held():
        yield made


def test_a_key_is_found_again_until_it_is_forgotten(drawer: Drawer) -> None:
    drawer.write("start", KEY)
    found, other = drawer.read("start"), drawer.read("stop")
    drawer.forget(["start", "stop"])

    assert (found, other) == (KEY, None)
    assert drawer.read("start") is None


def test_files_and_folder_are_for_this_user_alone(drawer: Drawer, folder: Path) -> None:
    drawer.write("start", KEY)

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert not list(folder.glob("*.new"))


def test_a_half_written_file_of_a_crash_is_not_in_the_way(drawer: Drawer) -> None:
    drawer.write("start", KEY)
    path = drawer.path("start")
    path.with_name(f"{path.name}.new").write_text('{"ke')
    drawer.write("start", OrderKey("start-2", KEY.made_at))
    found = drawer.read("start")

    assert found is not None
    assert found.text == "start-2"


@pytest.mark.parametrize(
    ("base_url", "campaign"),
    [(HOST, "camp_2"), ("http://127.0.0.1:1/api", "camp_1"), (HOST, "camp/1"), (HOST, "camp_1 ")],
)
def test_every_campaign_of_every_host_has_keys_of_its_own(
    drawer: Drawer, folder: Path, base_url: str, campaign: str
) -> None:
    drawer.write("start", KEY)

    assert Drawer(folder, base_url, campaign).read("start") is None


def test_an_odd_campaign_makes_no_odd_path(folder: Path) -> None:
    path = Drawer(folder, HOST, "../../etc/" + "x" * 300).path("start")

    assert path.parent == folder
    assert len(path.name) < 120


GOOD = {
    "base_url": HOST,
    "campaign": "camp_1",
    "order": "start",
    "key": "start-1",
    "made_at": "2026-11-23T12:00:00+00:00",
}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        "[" * 100_000,
        "\udcff",
        json.dumps({**GOOD, "order": "stop"}),
        json.dumps({**GOOD, "campaign": "camp_2"}),
        json.dumps({**GOOD, "key": ""}),
        json.dumps({**GOOD, "key": "a\nb"}),
        json.dumps({**GOOD, "key": "é"}),
        json.dumps({**GOOD, "key": "x" * 201}),
        json.dumps({**GOOD, "key": None}),
        json.dumps({**GOOD, "made_at": "2026-11-23T12:00:00"}),
        json.dumps({**GOOD, "made_at": "yesterday"}),
        json.dumps({**GOOD, "made_at": 7}),
        json.dumps({name: value for name, value in GOOD.items() if name != "key"}),
    ],
)
def test_a_damaged_file_is_told_with_its_place(drawer: Drawer, content: str) -> None:
    drawer.path("start").write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(CommandError) as raised:
        drawer.read("start")

    assert str(drawer.path("start")) in str(raised.value)
    assert "--new-key" in raised.value.hint


def test_a_file_that_can_not_be_opened_is_told(drawer: Drawer) -> None:
    drawer.path("start").mkdir()

    with pytest.raises(CommandError, match="can't be read"):
        drawer.read("start")
    with pytest.raises(CommandError, match="nothing was sent"):
        drawer.write("start", KEY)
    with pytest.raises(CommandError, match="can't be forgotten"):
        drawer.forget(["start"])


def test_on_a_full_disk_the_older_key_stays(drawer: Drawer) -> None:
    drawer.write("start", KEY)
    with no_room(), pytest.raises(CommandError, match="nothing was sent") as raised:
        drawer.write("start", OrderKey("start-2", KEY.made_at))

    assert "Make room" in raised.value.hint
    assert drawer.read("start") == KEY


@contextmanager
def no_room() -> Iterator[None]:
    """Let no file grow. (Python leaves SIGXFSZ ignored, so that it is an OSError.)"""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_one_process_at_a_time_gives_orders(drawer: Drawer, folder: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        told = pool.apply(_try_to_hold, (folder,))

    assert told == "another command is just giving this campaign an order"


def _try_to_hold(folder: Path) -> str:
    try:
        with Drawer(folder, HOST, "camp_1").held():
            return f"held by {os.getpid()}"
    except CommandError as refused:
        return str(refused)
