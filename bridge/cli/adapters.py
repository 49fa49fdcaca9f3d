"""`campaign-bridge adapters`: which adapters came up, and which did not and why."""

from dataclasses import asdict
from pathlib import Path

import click

from bridge.adapters.dropins import dropped_in
from bridge.adapters.listing import Row, rows
from bridge.adapters.packages import installed
from bridge.adapters.registry import Registry, gather
from bridge.cli import options
from bridge.cli.printing import note, one_line, plural, print_json, print_table, say
from bridge.settings.files import load_settings


@click.group("adapters")
def command() -> None:
    """See the adapters."""


@command.command("list")
@options.as_json
@click.pass_obj
def listing(config: Path, *, as_json: bool) -> None:
    """List the adapters that came up, then the plugins that failed, with the reason.

    Without a configuration it lists what is installed, and the folder plugins/ beside where the
    configuration would be.
    """
    folder = plugins_folder(config)
    found = rows(registry(folder))
    if as_json:
        print_json({"plugins_dir": str(folder), "adapters": [asdict(row) for row in found]})
        return
    note(f"installed packages, and the folder {folder}")
    _print([row for row in found if row.status == "ok"])
    failed = [row for row in found if row.status == "failed"]
    if failed:
        say()
        say(f"{plural(len(failed), 'plugin')} did not come up:")
    for row in failed:
        say(f"  ✗ {one_line(row.name)} ({one_line(row.origin)}): {one_line(row.reason, 1000)}")


def plugins_folder(config: Path) -> Path:
    """Return the folder of drop-in adapters; the configuration may be missing."""
    if not config.exists():
        return config.parent / "plugins"
    return load_settings(config).adapters.plugins_dir or config.parent / "plugins"


def registry(folder: Path | None) -> Registry:
    """Load every plugin, without minding which ones the settings require."""
    return gather([*installed(), *dropped_in(folder)])


def _print(found: list[Row]) -> None:
    print_table(
        ("ADAPTER", "FROM", "VERSION", "DESCRIPTION"),
        ((row.name, row.origin, row.version, row.description) for row in found),
    )
