"""`outbox salvage`: what can still be read of a damaged outbox, first as a plan."""

import os
import shutil
import tempfile
from pathlib import Path

import click

from bridge.cli import options
from bridge.cli.keeping.place import alone, migrations, place_of
from bridge.cli.keeping.restore import next_steps
from bridge.cli.printing import confirm, one_line, print_json, say
from bridge.cli.tables import print_table
from bridge.control.views import Json
from bridge.daemon import SystemClock
from bridge.errors import CommandError
from bridge.outbox.archive.damage import damage_of
from bridge.outbox.archive.healing import rescue
from bridge.outbox.archive.reports import Salvaged, ranges
from bridge.outbox.archive.salvage import salvage as salvaged
from bridge.outbox.witness import hear, witness_path
from bridge.rules.key import payout_key
from bridge.sqlite.files import LOG, beside, size

_SOUND = "it is sound: salvaging it would only put it into quarantine"


@click.command("salvage")
@click.option("--apply", "apply_", is_flag=True, help="Do it; without this only a plan is shown.")
@options.yes
@options.as_json
@click.pass_obj
def salvage(config: Path, *, apply_: bool, yes: bool, as_json: bool) -> None:
    """Make a fresh outbox of what can still be read of a damaged one; shows the plan first.

    It reads the pages themselves, past what is damaged. The daemon does the same by itself when it
    starts; this shows beforehand what would be kept and lost. The daemon must be stopped. With
    --apply the damaged file is kept aside with its log, and the fresh outbox is in quarantine.
    """
    place = place_of(config)
    with alone(place.outbox, config, "salvaging"):
        if not (size(place.outbox) or size(beside(place.outbox, LOG))):
            raise CommandError(f"there is no outbox at {place.outbox}")
        why = damage_of(place.outbox)
        report = _planned(place.outbox, why or _SOUND)
        if not as_json:
            _show(report)
        if apply_:
            confirm(yes=yes, what=f"Put what can be read in the place of {place.outbox}?")
            report = rescue(
                place.outbox,
                migrations(),
                now=SystemClock().now(),
                damage=why or "an operator asked for it",
                key_of=payout_key,
            )
    _tell(report, config, applied=apply_, as_json=as_json)


def _planned(outbox: Path, why: str) -> Salvaged:
    """Salvage into a file that is dropped, and say what came of it."""
    beside_it = outbox.parent if os.access(outbox.parent, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix=".planned-", dir=beside_it))
    try:
        return salvaged(
            outbox,
            folder / "planned.db",
            migrations(),
            now=SystemClock().now(),
            damage=why,
            testimony=hear(witness_path(outbox)).testimony,
            key_of=payout_key,
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _show(report: Salvaged) -> None:
    say(f"damage    {one_line(report.damage, 4000)}")
    for doubt in report.doubts:
        say(f"doubt     {one_line(doubt)}")
    say("")
    rows = [
        (name, table.kept, table.lost, table.pages)
        for name, table in report.tables.items()
        if table.kept or table.lost or table.pages
    ]
    print_table(("TABLE", "KEPT", "LOST", "PAGES LOST"), rows)
    say("")
    if report.keys_only:
        say(f"{report.keys_only} entries are lost and their keys kept: they are never paid twice")
    if report.missing:
        say(f"{report.unknown} entries are lost with their keys: numbers {ranges(report.missing)}")
    elif not report.lost and not report.keys_only:
        say("every entry that is known of is kept")


def _tell(report: Salvaged, config: Path, *, applied: bool, as_json: bool) -> None:
    if as_json:
        print_json(_view(report, config, applied=applied))
    elif not applied:
        say("nothing was changed; --apply does it")
    else:
        say(f"kept aside as {one_line(report.evidence, 4000)}, with its log")
        say("the outbox is in quarantine. Next:")
        for command in next_steps(config):
            say(f"  {command}")


def _view(report: Salvaged, config: Path, *, applied: bool) -> Json:
    return {
        "applied": applied,
        "damage": report.damage,
        "doubts": list(report.doubts),
        "tables": {
            name: {"kept": table.kept, "lost": table.lost, "pages_lost": table.pages}
            for name, table in report.tables.items()
        },
        "keys_only": report.keys_only,
        "missing": [list(each) for each in report.missing],
        "kept_aside": None if report.evidence is None else str(report.evidence),
        "next": next_steps(config) if applied else [],
    }
