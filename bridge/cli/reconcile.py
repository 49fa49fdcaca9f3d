"""`campaign-bridge reconcile`: our ledger against what the API says it paid."""

import asyncio
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import click

from bridge.cli import options
from bridge.cli.desk import desk_for
from bridge.cli.printing import confirm, note, one_line, plural, print_json, say
from bridge.control.views import Json
from bridge.record import record

#: Finding → what can be done about it.
_ADVICE = {
    "lost": "the API took it and shows no payout: ask Oncade with the key; if it was never paid, "
    "`campaign-bridge outbox resolve KEY --unpaid` sends it again",
    "duplicate": "paid a second time, beside the payout of an entry: ask Oncade; what is still to "
    "be sent goes on, and `--accept-total` counts it as not ours",
    "uncertain": "whether it was paid is unknown: `campaign-bridge outbox resolve KEY`",
    "unknown": "no entry of this bridge explains it: another payer, or a lost ledger; "
    "`--accept-total` counts it as not ours",
}

#: Findings of a kind that are shown, each on a line; the rest is counted.
_SHOWN = 20


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
    A count is ? where it would be 0 and not every history could be read.

    --accept-total clears what is `unknown` and `duplicate`, and says how much that was.
    """
    if accept_total:
        confirm(yes=yes, what="Count what was paid beside this ledger as not ours, from now on?")
    found = asyncio.run(_reconcile(config, campaign, accept=accept_total, quiet=as_json))
    reports, quarantine = found.reports, found.quarantine
    if as_json:
        print_json(
            {"campaigns": reports, "quarantine": quarantine, "accepted": list(found.accepted)}
        )
    else:
        for accepted in found.accepted:
            say(_acceptance(accepted))
        for report in reports:
            for line in _lines(report):
                say(line)
        if quarantine:
            say(f"! the ledger is in quarantine, and nothing is sent: {quarantine}")
            say("  `campaign-bridge outbox release --quarantine` ends it, once the above is clear")
    clean = all(report["clean"] for report in reports)
    return 0 if clean and not quarantine else 1


@record
class _Found:
    """What was found, and before that accepted as not ours."""

    reports: Sequence[Json]
    quarantine: str | None
    accepted: Sequence[Json]


async def _reconcile(config: Path, campaign: str | None, *, accept: bool, quiet: bool) -> _Found:
    async with desk_for(config, quiet=quiet) as counter:
        if not quiet:
            note("reading the histories of every user; this takes a call or more for each")
        reports = await counter.desk.reconcile(campaign)
        accepted = [_accepted(report) for report in reports] if accept else []
        if accept:
            for report in reports:
                await counter.desk.accept_total(report["campaign"], counter.who)
            reports = await counter.desk.reconcile(campaign)
        # Comparing may itself have found a reason to distrust the ledger.
        standing = (await counter.desk.status())["ledger"]
        return _Found(reports, standing["quarantine"], accepted)


def _accepted(report: Json) -> Json:
    """Return what accepting clears from a report: single payouts, and the total beside them."""
    payouts = [*report["unknown"], *report["duplicate"]]
    amounts = [Decimal(payout["amount"]) for payout in payouts if payout["amount"]]
    return {
        "campaign": report["campaign"],
        "unknown": len(report["unknown"]),
        "duplicate": len(report["duplicate"]),
        "amount": str(sum(amounts, Decimal(0))),
        "excess": "0" if report["drift"] is None else report["drift"]["excess"],
    }


def _acceptance(accepted: Json) -> str:
    unknown, twice = accepted["unknown"], accepted["duplicate"]
    return (
        f"{one_line(accepted['campaign'])}  accepted as not ours: "
        f"{plural(unknown + twice, 'payout')} of {accepted['amount']} in all ({unknown} unknown, "
        f"{twice} duplicate), and {accepted['excess']} of the total that the ledger didn't explain"
    )


def _count(report: Json, name: str) -> str:
    """Return how many were found; none is no word where histories could not be read."""
    found = len(report[name])
    unsure = name != "uncertain" and report["unread"] and not found
    return "?" if unsure else str(found)


def _lines(report: Json) -> Iterator[str]:
    counts = " ".join(f"{name}={_count(report, name)}" for name in _ADVICE)
    yield f"{one_line(report['campaign'])}  {counts}"
    yield (
        f"  {report['confirmed']} confirmed, {report['waiting']} accepted lately, "
        f"{report['read']} of {plural(report['users'], 'user')} read"
    )
    for name in ("lost", "uncertain"):
        for entry in report[name][:_SHOWN]:
            yield (
                f"  {name:9} {entry['key']} {one_line(entry['player'])} → "
                f"{one_line(entry['userRef'])} {one_line(entry['event_code'])}"
            )
        yield from _more(report, name)
    for name in ("duplicate", "unknown"):
        for payout in report[name][:_SHOWN]:
            of = f" (entry {payout['twice']})" if payout["twice"] else ""
            yield (
                f"  {name:9} payout {one_line(payout['payout'])} to {one_line(payout['userRef'])} "
                f"{one_line(payout['event_code'])} {payout['amount'] or '?'} "
                f"{payout['paid_at'] or ''}{of}"
            )
        yield from _more(report, name)
    for name, advice in _ADVICE.items():
        if report[name]:
            yield f"  ! {name}: {advice}"
    yield from _drift(report["drift"])
    for user in report["unread"][:_SHOWN]:
        yield f"  ! not read: {one_line(user, 200)}"
    yield from _more(report, "unread", "not read")


def _more(report: Json, name: str, word: str = "") -> Iterator[str]:
    """Say how many findings of a kind aren't shown."""
    left = len(report[name]) - _SHOWN
    if left > 0:
        yield f"  {word or name:9} and {left} more; --json has them all"


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
