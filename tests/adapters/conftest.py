"""Plugins as they really lie about: packages with their metadata on the path, files in a folder."""

import itertools
import textwrap
from pathlib import Path

import pytest

from bridge.settings.models import AdapterSettings
from tests.adapters.strangers import Drop, Install

_numbers = itertools.count()


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a package: `install(package, entry_point, code, version)`; returns its module."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))

    def _install(package: str, point: str, code: str, version: str = "1.2.3") -> str:
        module = f"installed_by_test_{next(_numbers)}"
        (site / f"{module}.py").write_text(textwrap.dedent(code))
        info = site / f"{package.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n"
        )
        (info / "entry_points.txt").write_text(f"[bridge.adapters]\n{point} = {module}\n")
        return module

    return _install


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "plugins"
    made.mkdir(mode=0o755)
    return made


@pytest.fixture
def drop(folder: Path) -> Drop:
    """Drop a file into the plugins folder."""

    def _drop(name: str, code: str) -> Path:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(code))
        path.chmod(0o644)
        return path

    return _drop


@pytest.fixture
def settings(folder: Path) -> AdapterSettings:
    return AdapterSettings(plugins_dir=folder)
