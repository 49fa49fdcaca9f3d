"""Plugins that were dropped into a folder."""

import os
import sys
from pathlib import Path

import pytest

from bridge.adapters.registry import discover
from bridge.errors import AdapterConflict
from bridge.settings.models import AdapterSettings
from tests.adapters.declared.play import ARENA
from tests.adapters.strangers import Drop, plugin_code


def test_a_file_in_the_folder_provides_its_adapter(drop: Drop, settings: AdapterSettings) -> None:
    path = drop("my-arena.py", plugin_code("arena"))
    registry = discover(settings)

    assert "arena" in registry.specs
    assert registry.origin("arena").place == str(path)
    assert registry.origin("arena").version.startswith("sha256:")


def test_a_package_folder_imports_its_own_files(drop: Drop, settings: AdapterSettings) -> None:
    drop("arena/__init__.py", "from .inner import bridge_adapters\n")
    drop("arena/inner.py", plugin_code("arena"))

    assert "arena" in discover(settings).specs


def test_an_edited_file_is_read_anew(drop: Drop, settings: AdapterSettings) -> None:
    drop("arena.py", plugin_code("arena"))
    before = discover(settings)
    drop("arena.py", plugin_code("later"))  # the same size, within the same second
    after = discover(settings)

    assert "arena" in before.specs
    assert "arena" not in after.specs
    assert "later" in after.specs


def test_a_dropped_file_cannot_stand_in_for_a_real_module(
    drop: Drop, settings: AdapterSettings
) -> None:
    real = sys.modules["json"]
    drop("json.py", plugin_code("not_json"))
    registry = discover(settings)

    assert "not_json" in registry.specs
    assert sys.modules["json"] is real


@pytest.mark.parametrize("name", ["_arena.py", ".arena.py", "arena.txt", "arena.py.bak"])
def test_other_files_are_passed_over(drop: Drop, settings: AdapterSettings, name: str) -> None:
    drop(name, "raise RuntimeError('must not run')")
    registry = discover(settings)

    assert registry.failures == ()


def test_a_missing_folder_holds_no_plugins(tmp_path: Path) -> None:
    assert discover(AdapterSettings(plugins_dir=tmp_path / "none")).failures == ()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def broken(:", "SyntaxError: invalid syntax"),
        ("import nothing_of_that_name", "ModuleNotFoundError"),
        ("x = '\0'", "null bytes"),
        ("raise SystemExit", "SystemExit"),
    ],
)
def test_a_broken_file_is_recorded_and_leaves_nothing_behind(
    drop: Drop, settings: AdapterSettings, code: str, said: str
) -> None:
    path = drop("broken.py", code)
    drop("arena.py", plugin_code("arena"))
    registry = discover(settings)

    (failure,) = registry.failures
    assert (failure.plugin, str(path) in failure.where) == ("broken", True)
    assert said in failure.error
    assert "arena" in registry.specs
    assert not [name for name in sys.modules if "dropin_broken" in name]


def test_two_files_with_one_adapter_clash(drop: Drop, settings: AdapterSettings) -> None:
    first = drop("a.py", plugin_code("arena"))
    second = drop("b.py", plugin_code("arena"))

    with pytest.raises(AdapterConflict) as conflict:
        discover(settings)
    assert str(first) in str(conflict.value)
    assert str(second) in str(conflict.value)


# -- who could change it --------------------------------------------------------------------


def test_a_file_that_anybody_may_write_is_not_run(drop: Drop, settings: AdapterSettings) -> None:
    path = drop("arena.py", plugin_code("arena"))
    path.chmod(0o666)
    registry = discover(settings)

    (failure,) = registry.failures
    assert "arena" not in registry.specs
    assert f"run: chmod o-w {path}" in failure.error


def test_a_folder_that_anybody_may_write_is_not_looked_into(
    drop: Drop, folder: Path, settings: AdapterSettings
) -> None:
    drop("arena.py", plugin_code("arena"))
    folder.chmod(0o1777)
    registry = discover(settings)

    (failure,) = registry.failures
    assert "arena" not in registry.specs
    assert f"chmod o-w {folder}" in failure.error


def test_a_folder_whose_place_anybody_could_take_is_not_looked_into(
    drop: Drop, folder: Path, settings: AdapterSettings
) -> None:
    drop("arena.py", plugin_code("arena"))
    folder.parent.chmod(0o777)
    (failure,) = discover(settings).failures

    assert failure.error.endswith(f"chmod o-w {folder.parent}")


def test_a_package_with_one_file_that_anybody_may_write_is_not_run(
    drop: Drop, settings: AdapterSettings
) -> None:
    drop("arena/__init__.py", plugin_code("arena"))
    drop("arena/inner.py", "").chmod(0o646)
    (failure,) = discover(settings).failures

    assert "inner.py" in failure.error


def test_a_package_that_points_elsewhere_is_not_run(
    drop: Drop, tmp_path: Path, settings: AdapterSettings
) -> None:
    drop("arena/__init__.py", plugin_code("arena")).with_name("inner.py").symlink_to(tmp_path)
    (failure,) = discover(settings).failures

    assert "is a symbolic link" in failure.error


def test_a_link_to_a_file_that_anybody_may_write_is_not_run(
    folder: Path, tmp_path: Path, settings: AdapterSettings
) -> None:
    target = tmp_path / "arena.py"
    target.write_text(plugin_code("arena"))
    target.chmod(0o666)
    (folder / "arena.py").symlink_to(target)
    (failure,) = discover(settings).failures

    assert f"chmod o-w {target}" in failure.error


def test_a_link_to_nowhere_is_recorded(folder: Path, settings: AdapterSettings) -> None:
    (folder / "arena.py").symlink_to(folder / "gone")
    (failure,) = discover(settings).failures

    assert "FileNotFoundError" in failure.error


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file to a foreign group")
def test_a_file_that_a_foreign_group_may_write_is_not_run(
    drop: Drop, settings: AdapterSettings
) -> None:
    path = drop("arena.py", plugin_code("arena"))
    os.chown(path, -1, 54321)
    path.chmod(0o664)
    (failure,) = discover(settings).failures

    assert f"chmod g-w {path}" in failure.error


def test_a_plugins_folder_that_is_a_file_is_recorded(tmp_path: Path) -> None:
    path = tmp_path / "plugins"
    path.touch(0o644)
    (failure,) = discover(AdapterSettings(plugins_dir=path)).failures

    assert "NotADirectoryError" in failure.error


# -- declarations ---------------------------------------------------------------------------


def test_a_toml_file_in_the_folder_declares_its_adapter(
    drop: Drop, settings: AdapterSettings
) -> None:
    path = drop("arena.toml", ARENA)
    registry = discover(settings)

    assert registry.specs["arena"].description == "Log of the arena game"
    assert registry.origin("arena").place == str(path)
    assert registry.origin("arena").version.startswith("sha256:")


def test_a_declaration_that_cannot_be_used_is_recorded(
    drop: Drop, settings: AdapterSettings
) -> None:
    drop("arena.toml", ARENA.replace("player = ", "plyer = ", 1))
    drop("other.py", plugin_code("other"))
    registry = discover(settings)

    assert "other" in registry.specs
    assert registry.failures[0].plugin == "arena"
    assert registry.failures[0].error.startswith("arena.toml: [events.award] ")


def test_a_declaration_that_others_could_change_is_refused(
    drop: Drop, settings: AdapterSettings
) -> None:
    drop("arena.toml", ARENA).chmod(0o666)

    assert "run: chmod o-w" in discover(settings).failures[0].error


def test_a_declaration_of_a_name_that_is_taken_stops_everything(
    drop: Drop, settings: AdapterSettings
) -> None:
    drop("arena.toml", ARENA)
    drop("other.py", plugin_code("arena"))

    with pytest.raises(AdapterConflict, match=r"arena\.toml"):
        discover(settings)
