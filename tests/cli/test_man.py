"""The manual pages are complete, and man(1)'s formatter has nothing to complain about."""

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from bridge.cli.init.template import tables
from bridge.cli.man import contexts, manual

PAGES = manual("2026-11-28")


@pytest.mark.parametrize("context", contexts(), ids=lambda context: context.command_path)
def test_every_command_has_a_page_that_tells_all_its_options(context: click.Context) -> None:
    page = PAGES[f"{context.command_path.replace(' ', '-')}.1"].replace("\\-", "-")

    assert (context.command.help or "")[:20].partition(".")[0] in page
    for option in context.command.params:
        for name in option.opts if isinstance(option, click.Option) else ():
            assert f".B {name}" in page or f", {name}" in page


def test_there_are_no_pages_of_commands_that_are_gone() -> None:
    names = {f"{context.command_path.replace(' ', '-')}.1" for context in contexts()}

    assert set(PAGES) - names == {"campaign-bridge.toml.5"}


def test_the_page_of_the_configuration_has_every_setting() -> None:
    page = PAGES["campaign-bridge.toml.5"]

    for table in tables():
        for setting in table.settings:
            assert f".B {setting.name}\n" in page


def test_a_line_that_begins_with_a_dot_stays_text() -> None:
    for name, page in PAGES.items():
        requests = {line.split(" ")[0] for line in page.splitlines() if line.startswith(".")}

        assert requests <= {
            ".TH",
            ".SH",
            ".TP",
            ".PP",
            ".B",
            ".BR",
            ".I",
            ".nf",
            ".fi",
            ".nh",
            ".ad",
        }, name


def test_the_pages_are_written_with_the_date_of_the_sources(tmp_path: Path) -> None:
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}

    subprocess.run(
        [sys.executable, "-m", "bridge.cli.man", str(tmp_path)], check=True, env=environment
    )

    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(PAGES)
    assert '"2023-11-14"' in (tmp_path / "campaign-bridge.1").read_text()
