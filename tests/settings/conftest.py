"""An environment of the test's own: no variable and no folder of the machine is seen."""

import os
from pathlib import Path

import pytest

from bridge.settings.files import load_settings
from bridge.settings.models import Settings
from tests.settings.play import Load

FOREIGN = ("CAMPAIGN_BRIDGE_", "XDG_", "STATE_DIRECTORY", "RUNTIME_DIRECTORY")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the test a home folder, and nothing else of an environment."""
    for name in os.environ:
        if name.startswith(FOREIGN):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    return home


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Return a function that reads settings from a configuration file of this text."""

    def load(text: str) -> Settings:
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8")
        return load_settings(path)

    return load
