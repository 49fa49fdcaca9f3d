"""What `check` says of sources: above all what a new one would cost."""

import os
from pathlib import Path

from bridge.cli.check.sources import barrier
from tests.cli.conftest import Cli
from tests.cli.play import Site
from tests.cli.test_replay import LINES, set_up


def findings(cli: Cli, what: str = "source arena") -> list[tuple[str, str]]:
    told = cli("check", "--offline", "--json").json["findings"]
    return [(found["level"], found["text"]) for found in told if found["what"] == what]


def test_a_new_source_begins_at_the_end_and_says_so(cli: Cli, configured: Site) -> None:
    set_up(configured)
    (configured.folder / "game.log").write_text(LINES)
    told = findings(cli)

    assert ("ok", f"read from {configured.folder}/game.log, read by arena, trusts a name") in told
    assert ("ok", "it is new: what stands there now pays nothing, what comes later does") in told
    assert any(level == "warning" and "takes the rewards" in detail for level, detail in told)


def test_from_the_beginning_its_cost_is_told(cli: Cli, configured: Site) -> None:
    set_up(configured, 'file = "game.log"\nstart = "beginning"')
    (configured.folder / "game.log").write_text(LINES)
    told = findings(cli)

    assert any(
        level == "warning" and "4 messages from its beginning would pay 2 first_blood" in detail
        for level, detail in told
    )


def test_state_files_from_the_beginning_have_a_cost_too(cli: Cli, configured: Site) -> None:
    set_up(configured, 'state_files = "world/*.txt"\nstart = "beginning"')
    world = configured.folder / "world"
    world.mkdir()
    (world / "a.txt").write_text("AWARD Al first_blood")
    (world / "b.txt").write_text("AWARD Bo first_blood")

    assert any("would pay 2 first_blood" in detail for _, detail in findings(cli))


def test_a_log_that_is_not_there_yet_is_a_warning(cli: Cli, configured: Site) -> None:
    set_up(configured)

    assert ("warning", f"{configured.folder}/game.log is not there yet") in findings(cli)


def test_an_adapter_that_is_not_there_is_a_problem(cli: Cli, configured: Site) -> None:
    set_up(configured)
    text = configured.config.read_text()
    configured.config.write_text(text.replace('adapter = "arena"', 'adapter = "arean"'))
    ((level, detail),) = findings(cli)

    assert level == "problem"
    assert "did you mean 'arena'" in detail


def test_the_uppermost_folder_that_bars_the_way_is_named() -> None:
    """Root is barred from nothing, so the system is asked in its place."""
    shut, there = Path("/home/mc"), [Path("/"), Path("/home"), Path("/home/mc")]

    def access(path: Path, mode: int) -> bool:
        return path in there and not (mode == os.X_OK and path == shut)

    assert barrier(Path("/home/mc/logs/latest.log"), access) == shut
    assert barrier(Path("/home/latest.log"), access) is None
    assert barrier(Path("/srv/game/latest.log"), access) is None
