"""`campaign-bridge check`: the settings, the secrets, the adapters, the database, the campaigns."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from decimal import Decimal
from pathlib import Path

import click

from bridge.cli import options
from bridge.cli.check.campaigns import check_campaign, check_example
from bridge.cli.check.files import (
    api_key,
    check_adapters,
    check_link_page,
    check_tokens,
    webhook_secrets,
)
from bridge.cli.check.findings import (
    Finding,
    Level,
    fine,
    print_findings,
    problem,
    refused,
    warning,
)
from bridge.cli.check.order import reached
from bridge.cli.check.rekey import accept
from bridge.cli.check.rules import check_history, is_accepted
from bridge.cli.check.sources import check_sources
from bridge.cli.desk import Counter, desk_for
from bridge.cli.printing import plural, print_json, say
from bridge.errors import BridgeError
from bridge.rules.book import RuleBook
from bridge.settings.files import load_settings
from bridge.settings.models import Settings


@click.command("check")
@click.option("--offline", is_flag=True, help="Don't call the Campaigns API.")
@click.option(
    "--accept-rekey",
    is_flag=True,
    help="Show what the changed rules could pay again, ask, and accept them; --yes doesn't ask.",
)
@options.yes
@options.as_json
@click.pass_obj
def command(config: Path, *, offline: bool, accept_rekey: bool, yes: bool, as_json: bool) -> int:
    """Check everything before money moves; exit code 1 where something must be put right.

    Looks at the settings, the token files, the adapters, the database, and asks each campaign
    with calls that only read: its status, its environment, its balances, and whether every rule
    leads to an event that it pays for.
    """
    if accept_rekey:
        return asyncio.run(accept(config, as_json=as_json, yes=yes))
    findings = asyncio.run(_findings(config, offline=offline))
    problems = sum(found.level is Level.PROBLEM for found in findings)
    if as_json:
        print_json({"ok": problems == 0, "findings": [found.view for found in findings]})
    else:
        print_findings(findings)
        warnings = sum(found.level is Level.WARNING for found in findings)
        say(f"{plural(problems, 'problem')}, {plural(warnings, 'warning')}")
    return 1 if problems else 0


async def _findings(config: Path, *, offline: bool) -> list[Finding]:
    try:
        settings = load_settings(config)
    except BridgeError as error:
        return [refused("settings", error)]
    campaigns, prices = await _check_campaigns(settings, offline=offline)
    return [
        fine("settings", f"{config} can be used"),
        *check_tokens(settings),
        *check_link_page(settings.link_page),
        *check_adapters(settings.adapters),
        *[found async for found in _check_database(config)],
        *campaigns,
        *[found async for found in check_sources(settings, prices)],
    ]


async def _check_database(config: Path) -> AsyncIterator[Finding]:
    try:
        async with desk_for(config, quiet=True) as counter:
            yield _database(counter)
            for found in await _check_rules(counter):
                yield found
    except BridgeError as error:
        yield refused("database", error)


def _database(counter: Counter) -> Finding:
    outbox = counter.outbox
    if counter.daemon is not None:
        return fine(
            "database", f"{outbox}, open in the daemon (pid {counter.daemon['daemon']['pid']})"
        )
    if counter.exists:
        return fine("database", f"{outbox} opens, and no daemon runs for it")
    folder = next(parent for parent in outbox.parents if parent.exists())
    if os.access(folder, os.W_OK):
        return fine("database", f"{outbox} will be made when the daemon starts")
    return problem(
        "database",
        f"{outbox} is not there, and this user may not write {folder}",
        "Run this as the daemon's user, or set [outbox] url.",
    )


async def _check_rules(counter: Counter) -> list[Finding]:
    settings = counter.settings
    try:
        book = RuleBook.from_settings(settings.rules, settings.campaigns)
    except BridgeError as error:
        return [refused("rules", error)]
    kept = await counter.desk.rules()
    found = list(check_history(kept, book))
    running = [rule["definition"] for rule in kept]
    changed = running != [rule.definition for rule in book.rules]
    if counter.daemon is not None and changed and is_accepted(kept, book):
        pid = counter.daemon["daemon"]["pid"]
        found.append(
            warning("rules", "the daemon runs with other rules", f"Reload it: kill -HUP {pid}")
        )
    return found


async def _check_campaigns(
    settings: Settings, *, offline: bool
) -> tuple[list[Finding], Mapping[tuple[str, str], Decimal]]:
    """Return the findings, and what the campaigns' events pay."""
    prices: dict[tuple[str, str], Decimal] = {}
    keys = {campaign.id: api_key(campaign) for campaign in settings.campaigns}
    found = [
        finding
        for campaign in settings.campaigns
        for finding in (
            *check_example(campaign),
            *keys[campaign.id][1],
            *webhook_secrets(campaign),
        )
    ]
    if offline or not settings.campaigns:
        return found, prices
    rules = reached(RuleBook.from_settings(settings.rules, settings.campaigns).rules)
    asked = await asyncio.gather(
        *(
            check_campaign(
                campaign,
                key,
                settings.delivery,
                [rule for rule in rules if rule.campaign == campaign.id],
                prices,
            )
            for campaign in settings.campaigns
            if (key := keys[campaign.id][0]) is not None
        )
    )
    return found + [finding for findings in asked for finding in findings], prices
