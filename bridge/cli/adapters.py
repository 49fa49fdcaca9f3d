"""`campaign-bridge adapters`: which came up, which did not and why; a new one's package."""

import re
from dataclasses import asdict
from pathlib import Path
from typing import get_args

import click

from bridge.adapters.dropins import dropped_in
from bridge.adapters.listing import Row, rows
from bridge.adapters.packages import installed
from bridge.adapters.plugins import Plugin
from bridge.adapters.registry import Registry, gather
from bridge.cli import options, scaffold
from bridge.cli.printing import note, one_line, plural, print_json, say
from bridge.cli.tables import print_table
from bridge.errors import CommandError
from bridge.events import Identity
from bridge.settings.files import load_settings


@click.group("adapters")
def command() -> None:
    """See the adapters, or begin one."""


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


@command.command("new")
@click.argument("name")
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=".",
    show_default=True,
    help="Folder in which the package's folder is made.",
)
@click.option(
    "--identity",
    type=click.Choice(get_args(Identity)),
    default="platform",
    show_default=True,
    help="What the players' ids are worth at the weakest.",
)
@options.as_json
def new(name: str, *, folder: Path, identity: Identity, as_json: bool) -> None:
    """Write the package of a new adapter: it works, its tests pass, and you change it.

    NAME is lower_snake_case. The engine it reads is made up: put your log's lines in its place.
    Overwrites nothing.
    """
    _refuse_name(name)
    written = scaffold.write(name, identity, folder)
    if as_json:
        print_json({"adapter": name, "files": [str(file) for file in written]})
        return
    for file in written:
        say(f"wrote {one_line(file)}")
    say()
    say("It works as it is. Next:")
    say(f"  cd {one_line(folder / name)}")
    say("  python -m pytest                   samples, hostile names, damaged logs, the road")
    say(f"  $EDITOR bridge_adapter_{name}/adapter.py")


def _refuse_name(name: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name):
        raise CommandError(
            f"{one_line(name)} is no name of an adapter",
            hint="Use a to z, digits and _, at most 64 characters: my_engine.",
        )
    if name in {found.name for found in installed() if isinstance(found, Plugin)}:
        raise CommandError(
            f"an adapter called {name} is installed already",
            hint="Choose another name: two adapters of one name stop the daemon.",
        )


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
