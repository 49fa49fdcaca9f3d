"""`check --accept-rekey`: other rules are remembered, on an operator's word.

In: the configuration. Out: what the change could pay again, shown first; then the new rules in
the outbox, with a line in the journal.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from bridge.cli.check.rules import is_accepted, rekeyed
from bridge.cli.desk import Counter, desk_for
from bridge.cli.printing import print_json, say
from bridge.rules.book import RuleBook


async def accept(config: Path, *, as_json: bool, yes: bool) -> int:
    """Show the preview and, on a yes, remember the configured rules; return the exit code.

    Raises:
        UsageError: there is something to be accepted, and nobody is there to be asked.
    """
    async with desk_for(config, quiet=as_json) as counter:
        settings = counter.settings
        book = RuleBook.from_settings(settings.rules, settings.campaigns)
        kept = await counter.desk.rules()
        if is_accepted(kept, book):
            _tell([], accepted=False, reload=None, as_json=as_json)
            return 0
        changes = rekeyed(kept, book)
        if not as_json:
            _preview(changes)
        if not yes:
            _ask()
        await counter.desk.accept_rules(
            [rule.definition for rule in book.rules],
            f"{counter.who} accepted changed rules: {'; '.join(changes)}",
        )
        _tell(changes, accepted=True, reload=_reload(counter), as_json=as_json)
    return 0


def _ask() -> None:
    if not sys.stdin.isatty():
        raise click.UsageError(
            "nobody is there to accept it; --yes goes ahead without asking",
            click.get_current_context(),
        )
    click.confirm("Accept them?", abort=True, err=True)


def _reload(counter: Counter) -> str | None:
    return None if counter.daemon is None else f"kill -HUP {counter.daemon['daemon']['pid']}"


def _preview(changes: Sequence[str]) -> None:
    say("These changes could pay feats a second time:")
    for change in changes:
        say(f"  ! {change}")


def _tell(changes: Sequence[str], *, accepted: bool, reload: str | None, as_json: bool) -> None:
    if as_json:
        print_json({"accepted": accepted, "changes": list(changes), "reload": reload})
    elif not accepted:
        say("the rules need no acceptance: no used rule was changed, moved or overtaken")
    else:
        say("accepted: the outbox remembers the new rules; its journal says who and when")
        if reload is not None:
            say(f"now reload the daemon: {reload} (or: systemctl reload campaign-bridge)")
