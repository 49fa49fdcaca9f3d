"""`campaign-bridge reconcile`: our ledger against what the API says it paid."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import click

from bridge.cli import options
from bridge.cli.desk import desk_for
from bridge.cli.printing import confirm, note, one_line, plural, print_json, say
from bridge.control.views import Json

#: Finding → what can be done about it.
_ADVICE = {
    "lost": "the API took it and shows no payout: ask Oncade with the key; if it was never paid, "
    "`campaign-bridge outbox resolve KEY --unpaid` sends it again",
    "duplicate": "paid beside the payout of an entry: nothing more will be sent; ask Oncade",
    "uncertain": "whether it was paid is unknown: `campaign-bridge outbox resolve KEY`",
    "unknown": "no entry of this bridge explains it: another payer, or a lost ledger; "
    "`--accept-total` counts it as not ours",
}


@click.command("reconcile")
@options.campaign
@click.option("--accept-total", is_flag=True, help="Count what was paid beside us as not ours.")
@options.yes
@options.as_json
@click.pass_obj
def command(
    config: Path, *, campaign: str | None, accept_total: bool, yes: bool, as_json: bool
) -> int:
    """Compare the ledger with the users' histories and the campaign's paid-out total.

    Reads the history of every user that was ever sent to or is linked, counts payouts against
    entries (history rows carry no key), and sends nothing. Exit code 1 where anything doesn't fit.
    """
    if accept_total:
        confirm(yes=yes, what="Count what was paid beside this ledger as not ours, from now on?")
    reports, quarantine = asyncio.run(
        _reconcile(config, campaign, accept=accept_total, quiet=as_json)
    )
    if as_json:
        print_json({"campaigns": reports, "quarantine": quarantine})
    else:
        for report in reports:
            for line in _lines(report):
                say(line)
        if quarantine:
            say(f"! the ledger is in quarantine, and nothing is sent: {quarantine}")
            say("  `campaign-bridge outbox release --quarantine` ends it, once the above is clear")
    clean = all(report["clean"] for report in reports)
    return 0 if clean and not quarantine else 1


async def _reconcile(
    config: Path, campaign: str | None, *, accept: bool, quiet: bool
) -> tuple[list[Json], str | None]:
    async with desk_for(config, quiet=quiet) as counter:
        if not quiet:
            note("reading the histories of every user; this takes a call or more for each")
        reports = await counter.desk.reconcile(campaign)
        if accept:
            for report in reports:
                await counter.desk.accept_total(report["campaign"], counter.who)
            reports = await counter.desk.reconcile(campaign)
        # Comparing may itself have found a reason to distrust the ledger.
        standing = (await counter.desk.status())["ledger"]
        return reports, standing["quarantine"]


def _lines(report: Json) -> Iterator[str]:
    counts = " ".join(f"{name}={len(report[name])}" for name in _ADVICE)
    yield f"{one_line(report['campaign'])}  {counts}"
    yield (
        f"  {report['confirmed']} confirmed, {report['waiting']} accepted lately, "
        f"{plural(report['users'], 'user')} read"
    )
    for name in ("lost", "uncertain"):
        for entry in report[name]:
            yield (
                f"  {name:9} {entry['key']} {one_line(entry['player'])} → "
                f"{one_line(entry['userRef'])} {one_line(entry['event_code'])}"
            )
    for name in ("duplicate", "unknown"):
        for payout in report[name]:
            of = f" (entry {payout['twice']})" if payout["twice"] else ""
            yield (
                f"  {name:9} payout {one_line(payout['payout'])} to {one_line(payout['userRef'])} "
                f"{one_line(payout['event_code'])} {payout['amount'] or '?'} "
                f"{payout['paid_at'] or ''}{of}"
            )
    for name, advice in _ADVICE.items():
        if report[name]:
            yield f"  ! {name}: {advice}"
    yield from _drift(report["drift"])
    for user in report["unread"]:
        yield f"  ! not read: {one_line(user, 200)}"


def _drift(drift: Json | None) -> Iterator[str]:
    if drift is None:
        yield "  the API's paid-out total could not be read"
        return
    if drift["least"] is None or drift["most"] is None:
        yield f"  paid out {drift['paid_out']}; what of it is ours isn't known: a price is missing"
    elif float(drift["excess"]):
        yield f"  ! paid out {drift['paid_out']}: {drift['excess']} more than the ledger explains"
    elif float(drift["shortfall"]):
        yield f"  ! paid out {drift['paid_out']}: {drift['shortfall']} less than was confirmed"
    else:
        yield f"  paid out {drift['paid_out']}, as the ledger says"
