"""`outbox restore`: a backup in the outbox's place, after its plan was shown."""

import shlex
from pathlib import Path

import click

from bridge.cli import options
from bridge.cli.keeping.place import alone, migrations, place_of
from bridge.cli.keeping.words import states
from bridge.cli.printing import confirm, one_line, print_json, say
from bridge.control.views import Json
from bridge.daemon import SystemClock
from bridge.outbox.archive.counting import Counts
from bridge.outbox.archive.restore import Plan, plan
from bridge.outbox.archive.restore import restore as carry_out
from bridge.outbox.entry import as_moment
from bridge.settings.units import APP, instance_of, unit_of


def next_steps(config: Path) -> list[str]:
    """Return the commands that end what a restore begins."""
    named = f" --config {shlex.quote(str(config))}" if instance_of(config) else ""
    return [
        f"systemctl start {unit_of(config)}",
        f"{APP}{named} reconcile",
        f"{APP}{named} outbox release --quarantine",
    ]


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--dry-run", is_flag=True, help="Only show the plan.")
@options.yes
@options.as_json
@click.pass_obj
def restore(config: Path, *, file: Path, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Put the backup FILE in the place of the outbox, which is kept aside.

    The daemon must be stopped. The backup is read from end to end first. What was paid since it
    was made is not in it: the daemon starts in quarantine and sends nothing until you have let
    `reconcile` look, and then said `outbox release --quarantine`.
    """
    place = place_of(config)
    with alone(place.outbox, config, "restoring"):
        wanted = plan(file.absolute(), place.outbox, migrations(), SystemClock().now())
        if not as_json:
            _show(wanted)
        if not dry_run:
            confirm(yes=yes, what=f"Put {file} in the place of {place.outbox}?")
            carry_out(wanted)
    if as_json:
        print_json(_view(wanted, config, done=not dry_run))
    elif dry_run:
        say("nothing was changed")
    else:
        _tell_next(config)


def _show(wanted: Plan) -> None:
    say(f"backup    {one_line(wanted.backup, 4000)}")
    say(f"holds     {_holds(wanted.holds)}; schema {wanted.schema}, whole")
    say(f"outbox    {one_line(wanted.outbox, 4000)}")
    if wanted.unreadable is not None:
        say(f"holds     what can't be read: {one_line(wanted.unreadable, 4000)}")
    elif wanted.there is not None:
        say(f"holds     {_holds(wanted.there)}")
        newer = wanted.there.sequence - wanted.holds.sequence
        if newer > 0:
            say(f"loses     what {newer} changes since the backup have made")
    else:
        say("holds     nothing yet")
    if wanted.aside is not None:
        say(f"kept as   {one_line(wanted.aside, 4000)}, with its log")
    say("then      the daemon starts in quarantine: nothing is sent until you release it")


def _holds(found: Counts) -> str:
    last = "" if found.latest is None else f", the last change at {_when(found.latest)}"
    return f"{found.entries} entries{states(found.states)}{last}"


def _when(millis: int) -> str:
    return as_moment(millis).isoformat(timespec="seconds").replace("+00:00", "Z")


def _tell_next(config: Path) -> None:
    say("")
    say("restored. Next:")
    for command in next_steps(config):
        say(f"  {command}")


def _view(wanted: Plan, config: Path, *, done: bool) -> Json:
    return {
        "restored": done,
        "backup": str(wanted.backup),
        "outbox": str(wanted.outbox),
        "schema": wanted.schema,
        "entries": wanted.holds.entries,
        "states": dict(wanted.holds.states),
        "replaced_entries": None if wanted.there is None else wanted.there.entries,
        "kept_as": None if wanted.aside is None else str(wanted.aside),
        "next": next_steps(config),
    }
