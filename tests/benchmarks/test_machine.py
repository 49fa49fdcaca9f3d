"""What a run says of where it was made."""

from pathlib import Path

from benchmarks.machine import filesystem, place


def test_a_place_names_the_machine_the_versions_and_the_commit(tmp_path: Path) -> None:
    found = place(tmp_path)

    assert set(found.machine) == {"cpu", "cores", "memory", "kernel", "filesystem"}
    assert {"Python", "SQLite", "aiohttp", "pydantic", "campaign-bridge"} <= set(found.versions)
    assert all(found.machine.values())
    assert found.commit


def test_the_filesystem_is_that_of_the_nearest_mount(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    near = str(tmp_path.resolve()).replace(" ", "\\040")
    mounts.write_text(f"a / ext4 rw 0 0\nb {near} xfs rw 0 0\nc {near}/other tmpfs rw 0 0\n")

    assert filesystem(tmp_path / "here", mounts) == "xfs"
    assert filesystem(tmp_path / "other" / "deep", mounts) == "tmpfs"
    assert filesystem(Path("/"), mounts) == "ext4"
