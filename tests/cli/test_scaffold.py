"""`adapters new`: what it writes works, is tested, and pleases every checker at once."""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import get_args

import pytest

from bridge.adapters.plugins import Origin, Plugin, specs_of
from bridge.adapters.registry import discover
from bridge.cli.scaffold import write
from bridge.events import Identity
from bridge.settings.models import AdapterSettings
from tests.cli.conftest import Cli

ROOT = Path(__file__).parents[2]
IDENTITIES = get_args(Identity)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a package for each identity, as `arena_IDENTITY` in one folder."""
    folder = tmp_path_factory.mktemp("made")
    for identity in IDENTITIES:
        write(f"arena_{identity}", identity, folder)
    return folder


@pytest.fixture(params=IDENTITIES)
def package(made: Path, request: pytest.FixtureRequest) -> Path:
    return made / f"arena_{request.param}"


def in_folder(folder: Path, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a module of Python in `folder`, with the bridge installed and what was made in it."""
    path = os.pathsep.join(map(str, (ROOT, *folder.glob("arena_*"))))
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-m", module, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": path, "MYPYPATH": str(ROOT)},
    )


PYTEST = ("pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib")


def test_the_tests_of_each_pass(made: Path) -> None:
    ran = in_folder(made, *PYTEST)

    assert ran.returncode == 0, ran.stdout
    assert f"{4 * len(IDENTITIES)} passed" in ran.stdout


@pytest.mark.parametrize(
    ("line", "wrong", "noticed"),
    [
        ("_AWARD.fullmatch(", "_AWARD.search(", "imitates"),
        ("""{1,64})"'""", """{1,64})"?'""", "damaged"),
    ],
)
def test_its_tests_notice_an_adapter_that_takes_a_piece_for_a_line(
    made: Path, tmp_path: Path, line: str, wrong: str, noticed: str
) -> None:
    package = shutil.copytree(made / "arena_name", tmp_path / "arena_name")
    adapter = package / "bridge_adapter_arena_name" / "adapter.py"
    assert line in adapter.read_text()
    adapter.write_text(adapter.read_text().replace(line, wrong))
    ran = in_folder(package, *PYTEST, "-k", f"{noticed} or sample")

    assert ran.returncode == 1
    assert "2 failed" in ran.stdout


def test_ruff_finds_nothing_neither_by_its_own_rules_nor_by_ours(made: Path) -> None:
    ours = ["--config", str(ROOT / "pyproject.toml"), "--extend-ignore", "S101,INP001,TID252,I001"]
    for command in (["check"], ["check", *ours], ["format", "--check"]):
        ran = in_folder(made, "ruff", *command, "--no-cache", ".")

        assert ran.returncode == 0, ran.stdout


def test_mypy_finds_nothing(made: Path) -> None:
    ran = in_folder(made / "arena_name", "mypy", "--strict", "bridge_adapter_arena_name", "tests")

    assert ran.returncode == 0, ran.stdout


def test_it_comes_up_as_an_installed_package(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tomllib.loads((package / "pyproject.toml").read_text())["project"]
    ((name, module),) = project["entry-points"]["bridge.adapters"].items()
    monkeypatch.syspath_prepend(str(package))
    point = EntryPoint(name, module, "bridge.adapters")
    specs = specs_of(Plugin(name, Origin(project["name"], project["version"]), point.load))

    assert isinstance(specs, tuple)
    assert [(spec.name, spec.identity) for spec in specs] == [
        (package.name, package.name.removeprefix("arena_"))
    ]


def test_it_comes_up_as_a_dropped_folder(package: Path, tmp_path: Path) -> None:
    folder = tmp_path / "plugins"
    folder.mkdir(mode=0o755)
    shutil.copytree(package / f"bridge_adapter_{package.name}", folder / package.name)
    registry = discover(AdapterSettings(plugins_dir=folder))

    assert registry.failures == ()
    assert package.name in registry.specs


def marks(folder: Path) -> Iterator[str]:
    for file in folder.rglob("*"):
        if file.suffix in {".py", ".md", ".toml", ".json", ".in"}:
            yield from (
                mark for mark in ("@name", "@Class", "@first", "@trust") if mark in file.read_text()
            )


def test_no_mark_of_the_template_is_left(package: Path) -> None:
    assert list(marks(package)) == []


def test_the_source_to_paste_asks_for_trust_where_it_is_needed(made: Path) -> None:
    pages = {each: (made / f"arena_{each}" / "README.md").read_text() for each in IDENTITIES}

    assert [each for each in IDENTITIES if "trust = " in pages[each]] == ["client", "name"]


# -- refusals -------------------------------------------------------------------------------


def test_nothing_is_overwritten(cli: Cli, tmp_path: Path) -> None:
    first = cli("adapters", "new", "arena", "--dir", str(tmp_path), "--identity", "name")
    again = cli("adapters", "new", "arena", "--dir", str(tmp_path))

    assert (first.code, again.code) == (0, 1)
    assert "python -m pytest" in first.out
    assert "is there already" in again.err


@pytest.mark.parametrize("name", ["Arena", "my-arena", "2nd", "../x", "", "é", "a" * 65])
def test_a_name_that_no_adapter_can_have_is_refused(cli: Cli, tmp_path: Path, name: str) -> None:
    ran = cli("adapters", "new", name, "--dir", str(tmp_path / "new"))

    assert ran.code == 1
    assert "is no name of an adapter" in ran.err
    assert not (tmp_path / "new").exists()


def test_the_name_of_an_installed_adapter_is_refused(cli: Cli, tmp_path: Path) -> None:
    ran = cli("adapters", "new", "json", "--dir", str(tmp_path))

    assert ran.code == 1
    assert "is installed already" in ran.err


def test_a_folder_that_cannot_be_made_is_told(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = cli("adapters", "new", "arena", "--dir", str(tmp_path / "file" / "x"))

    assert ran.code == 1
    assert "can't be written" in ran.err


def test_the_files_are_json_too(cli: Cli, tmp_path: Path) -> None:
    told = cli("adapters", "new", "arena", "--dir", str(tmp_path), "--json").json

    assert told["adapter"] == "arena"
    assert all(Path(file).is_file() for file in told["files"])
    assert len(told["files"]) == 11
