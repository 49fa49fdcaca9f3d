"""Database files as wholes: published, replaced, named by their time."""

from pathlib import Path

import pytest

from bridge.sqlite.files import beside, dated, make_private, publish, replace
from bridge.testing import START


def test_a_published_file_takes_nobodys_place(tmp_path: Path) -> None:
    (tmp_path / "made").write_text("new")
    (tmp_path / "wanted").write_text("old")

    with pytest.raises(FileExistsError):
        publish(tmp_path / "made", tmp_path / "wanted")
    publish(tmp_path / "made", tmp_path / "other")

    assert (tmp_path / "wanted").read_text() == "old"
    assert [found.name for found in sorted(tmp_path.iterdir())] == ["other", "wanted"]


def test_a_replaced_one_is_kept_with_its_log_which_is_never_left_beside_the_new_one(
    tmp_path: Path,
) -> None:
    path, aside = tmp_path / "a.db", tmp_path / "a.db.old"
    for ending in ("", "-wal", "-shm"):
        beside(path, ending).write_text(f"old{ending}")
    (tmp_path / "made").write_text("new")

    replace(tmp_path / "made", path, aside)

    assert path.read_text() == "new"
    assert not beside(path, "-wal").exists()
    assert [beside(aside, ending).read_text() for ending in ("", "-wal", "-shm")] == [
        "old",
        "old-wal",
        "old-shm",
    ]


def test_a_name_by_its_time_is_free(tmp_path: Path) -> None:
    first = dated(tmp_path / "a.db", "corrupt", START)
    first.touch()

    assert first.name == "a.db.corrupt.20260101T000000Z"
    assert dated(tmp_path / "a.db", "corrupt", START).name == f"{first.name}.2"


def test_a_private_file_is_new_and_its_owners_only(tmp_path: Path) -> None:
    make_private(tmp_path / "a")

    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        make_private(tmp_path / "a")
