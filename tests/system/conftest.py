"""One machine for all tests of a module, with the package in /mnt."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.machine import Machine, Missing, booted

ROOT = Path(__file__).parents[2]
#: What the package is made of.
PARTS = ("bridge", "plugins", "sample_game", "systemd", "packaging", "docs", "pyproject.toml")


@pytest.fixture(scope="session")
def package() -> Path:
    """The Debian package of this checkout; built where the last one is older than a part of it."""
    if shutil.which("dpkg-deb") is None:
        pytest.fail("dpkg-deb is missing: apt-get install dpkg")
    found = _package()
    if found is None or found.stat().st_mtime < _changed():
        subprocess.run([ROOT / "packaging" / "deb" / "build"], check=True)
        found = _package()
    assert found is not None
    return found


def _package() -> Path | None:
    return next((ROOT / "build").glob("campaign-bridge_*.deb"), None)


def _changed() -> float:
    files = [
        file
        for part in PARTS
        for file in ([ROOT / part] if (ROOT / part).is_file() else (ROOT / part).rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts
    ]
    return max(file.stat().st_mtime for file in files)


@pytest.fixture(scope="module")
def machine(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A booted machine on which nothing of ours is installed."""
    folder = tmp_path_factory.mktemp("machine")
    share = folder / "share"
    share.mkdir()
    shutil.copy(package, share / "campaign-bridge.deb")
    shutil.copytree(Path(__file__).parent / "inside", share / "inside")
    try:
        with booted(share, folder / "console") as up:
            yield up
    except Missing as missing:
        pytest.fail(str(missing))
