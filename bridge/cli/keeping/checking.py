"""`outbox check`: is it whole, does it hold together, may it be trusted."""

from pathlib import Path

import click

from bridge.cli import options
from bridge.cli.check.findings import Finding, Level, print_findings
from bridge.cli.keeping.place import migrations, place_of
from bridge.cli.printing import note, plural, print_json, say
from bridge.outbox.archive import examining
from bridge.outbox.machine import machine_id

_LEVELS = {
    examining.Level.FINE: Level.FINE,
    examining.Level.NOTE: Level.WARNING,
    examining.Level.PROBLEM: Level.PROBLEM,
}


@click.command("check")
@click.option("--full", is_flag=True, help="Compare every index with its table; takes longer.")
@options.as_json
@click.pass_obj
def check(config: Path, *, full: bool, as_json: bool) -> int:
    """Look the outbox over; exit code 1 where something must be done, and it says what.

    Looks at the file and its log, its schema, whether rows fit together, the witness beside it,
    and what was kept aside. It is only read, and may be in use.
    """
    place = place_of(config)
    if not as_json:
        note(place.told)
    found = [
        Finding(_LEVELS[each.level], each.what, each.detail, each.hint)
        for each in examining.examine(place.outbox, migrations(), machine_id(), full=full)
    ]
    problems = sum(each.level is Level.PROBLEM for each in found)
    if as_json:
        print_json({"ok": not problems, "findings": [each.view for each in found]})
    else:
        print_findings(found)
        warnings = sum(each.level is Level.WARNING for each in found)
        say(f"{plural(problems, 'problem')}, {plural(warnings, 'warning')}")
    return 1 if problems else 0
