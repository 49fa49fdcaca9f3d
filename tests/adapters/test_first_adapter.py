"""The page for a first adapter, followed to the letter by a new modder."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from bridge.cli.scaffold import write
from bridge.settings.sources import SourceSettings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "first-adapter.md").read_text(encoding="utf-8")
_FILE = re.compile(r"^<!-- file: (\S+) -->\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_RUN = re.compile(r"^<!-- run -->\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SOURCE = re.compile(r"^<!-- source -->\n```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SEEN = re.compile(r"^```console\n\$ campaign-bridge (.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in `folder` as if that package were installed beside the bridge."""
    path = os.pathsep.join(map(str, (ROOT, folder, ROOT / "plugins" / "freeciv")))
    return subprocess.run(
        [sys.executable, "-W", "ignore", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": path, "HOME": str(folder), "COLUMNS": "200"},
    )


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Begin as section 1 does, and lay every file of the page into the folder."""
    parent = tmp_path_factory.mktemp("modder")
    write("regatta", "client", parent)
    folder = parent / "regatta"
    files = _FILE.findall(PAGE)
    assert [name for name, _ in files if not (folder / name).exists()] == []
    for name, text in files:
        (folder / name).write_text(text, encoding="utf-8")
    _install(folder)
    for code in _RUN.findall(PAGE):
        ran = python(folder, "-c", code)
        assert ran.returncode == 0, ran.stderr
    return folder


def _install(folder: Path) -> None:
    info = folder / "bridge_adapter_regatta-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: bridge-adapter-regatta\nVersion: 0.1.0\n"
    )
    (info / "entry_points.txt").write_text("[bridge.adapters]\nregatta = bridge_adapter_regatta\n")


def test_the_page_begins_with_the_command_that_the_test_stands_for() -> None:
    assert "campaign-bridge adapters new regatta --identity client\n" in PAGE


def test_every_block_of_code_is_run() -> None:
    run = [*_RUN.findall(PAGE), *(text for name, text in _FILE.findall(PAGE) if name[-3:] == ".py")]

    assert re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL) == sorted(
        run, key=PAGE.index
    )
    assert len(run) == 6


def test_the_tests_of_the_page_pass(package: Path) -> None:
    ran = python(package, "-m", "pytest", "-q", "-p", "no:cacheprovider")

    assert ran.returncode == 0, ran.stdout
    assert "4 passed" in ran.stdout


def test_the_tests_turn_green_in_the_steps_that_the_page_names(tmp_path: Path) -> None:
    write("regatta", "client", tmp_path)
    folder = tmp_path / "regatta"
    failed = {}
    for step in PAGE.split("\n## ")[1:]:
        for name, text in _FILE.findall(step):
            (folder / name).write_text(text, encoding="utf-8")
        for code in _RUN.findall(step):
            python(folder, "-c", code)
        if step[0] in "567":
            ran = python(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider")
            failed[step[0]] = set(re.findall(r"^FAILED tests/(\w+)", ran.stdout, re.MULTILINE))

    assert failed == {"5": {"test_hostile", "test_road"}, "6": {"test_road"}, "7": set()}


def test_translate_prints_what_the_page_shows(package: Path) -> None:
    ((command, shown),) = _SEEN.findall(PAGE)
    ran = python(package, "-m", "bridge", *command.split())

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout + ran.stderr == shown


def test_the_samples_hold_what_a_reader_of_the_page_expects(package: Path) -> None:
    lines = (package / "tests" / "samples" / "hostile.events.json").read_text()

    assert re.findall(r'"line": (\d+)', lines) == ["2", "3", "6"]
    assert "impossible time" in lines
    assert '"player"' not in lines


def test_the_source_of_the_page_fits_the_adapter(package: Path) -> None:
    (text,) = _SOURCE.findall(PAGE)
    (source,) = tomllib.loads(text)["sources"]
    SourceSettings.model_validate(source)
    code = (
        "from bridge.adapters.registry import build\n"
        "from bridge_adapter_regatta import SPEC\n"
        f"build(SPEC, {source['options']!r})\n"
        "print(SPEC.identity)\n"
    )

    assert python(package, "-c", code).stdout == f"{source['trust']}\n"


def test_ruff_finds_nothing_in_the_code_of_the_page(package: Path) -> None:
    for command in (["check"], ["format", "--check"]):
        ran = python(package, "-m", "ruff", *command, "--no-cache", ".")

        assert ran.returncode == 0, ran.stdout
