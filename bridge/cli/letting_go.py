"""`outbox release`, `forget` and `expire`: what brakes hold is let go, forgotten or discarded.

In: an operator's word. Out: the same, carried out by the desk, after a question.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import click

from bridge.cli import options
from bridge.cli.desk import Counter, desk_for
from bridge.cli.printing import complain, confirm, error_json, plural, print_json, say
from bridge.cli.words import note_lane
from bridge.control.views import Json
from bridge.errors import BridgeError, CommandError
from bridge.outbox import life
from bridge.outbox.values import Decision
from bridge.settings.kinds import duration_of

#: Option → the reason it releases, and what that means.
_REASONS = {
    "quarantine": life.QUARANTINE,
    "over_cap": life.OVER_CAP,
    "price_unknown": life.PRICE_UNKNOWN,
    "shadow": life.SHADOW,
}
_RISKS = {
    life.QUARANTINE: "The ledger may be an old copy: what was paid since it was made is not in it, "
    "and is paid a second\ntime if it is sent again. Run `campaign-bridge reconcile` first: it "
    "finds what was paid.",
    life.OVER_CAP: "These went over a cap of the settings; released ones are paid in spite of it.",
    life.PRICE_UNKNOWN: "Nobody knows yet what these pay, so no cap was counted for them.",
    life.SHADOW: "These were only tried in shadow mode; released ones are paid for real.",
}


@click.command("release")
@click.argument("keys", metavar="[KEY]...", nargs=-1)
@click.option("--quarantine", is_flag=True, help="End the quarantine of the ledger.")
@click.option("--over-cap", is_flag=True, help="All that a cap holds.")
@click.option("--price-unknown", is_flag=True, help="All that waits for a price.")
@click.option("--shadow", is_flag=True, help="All of shadow mode, once it has been left.")
@options.campaign
@options.yes
@options.as_json
@click.pass_obj
def release(
    config: Path, /, *, keys: tuple[str, ...], yes: bool, as_json: bool, **given: Any
) -> int:
    """Let go what a brake holds: single entries, or all that are held for one reason."""
    chosen = [reason for option, reason in _REASONS.items() if given[option]]
    if len(chosen) + bool(keys) != 1:
        names = " ".join(f"--{name.replace('_', '-')}" for name in _REASONS)
        raise click.UsageError(f"name keys, or one of {names}")
    if keys:
        return _release_keys(config, keys, as_json=as_json)
    reason = chosen[0]
    campaign = given["campaign"]
    status = _ask(config, lambda counter: counter.desk.status(), quiet=as_json)
    held = sum(
        lane["held"].get(reason, 0)
        for lane in status["campaigns"]
        if campaign in {None, lane["campaign"]}
    )
    if not yes:
        click.echo(_RISKS[reason], err=True)
    confirm(yes=yes, what=f"Release {plural(held, 'entry', 'entries')} held as {reason}?")

    def ask(counter: Counter) -> Awaitable[Json]:
        return counter.desk.release(reason, campaign, counter.who)

    _tell(_ask(config, ask, quiet=True), "released", as_json=as_json)
    return 0


def _release_keys(config: Path, keys: tuple[str, ...], *, as_json: bool) -> int:
    async def ask(counter: Counter) -> list[Json]:
        return [await _released(counter, key) for key in keys]

    results = _ask(config, ask, quiet=as_json)
    if as_json:
        print_json({"results": results})
        return 1 if any("error" in each for each in results) else 0
    for each in results:
        if "error" in each:
            complain(each["error"], each["hint"])
        else:
            say(f"{each['key']}  {each['entry_state']}")
            note_lane(each["lane"])
    return 1 if any("error" in each for each in results) else 0


async def _released(counter: Counter, key: str) -> Json:
    try:
        return await counter.desk.decide(key, Decision.RELEASE.value, counter.who)
    except BridgeError as refused:
        return {"key": key, **error_json(refused)}


@click.command("forget")
@click.option("--shadow", is_flag=True, help="All of shadow mode.")
@options.yes
@options.as_json
@click.pass_obj
def forget(config: Path, *, shadow: bool, yes: bool, as_json: bool) -> None:
    """Make as if the entries of shadow mode had never come: their feats can be earned again."""
    if not shadow:
        raise click.UsageError("only the entries of shadow mode can be forgotten: add --shadow")
    confirm(yes=yes, what="Forget every entry of shadow mode? Nothing is left of them.")

    def ask(counter: Counter) -> Awaitable[Json]:
        return counter.desk.forget_shadow(counter.who)

    _tell(_ask(config, ask, quiet=as_json), "forgotten", as_json=as_json)


@click.command("expire")
@click.option("--older-than", required=True, help="Such as 90d: held for a link for longer.")
@options.yes
@options.as_json
@click.pass_obj
def expire(config: Path, *, older_than: str, yes: bool, as_json: bool) -> None:
    """Discard what has waited for a link for too long; it is never paid."""
    try:
        seconds = duration_of(older_than).total_seconds()
    except ValueError as bad:
        raise click.BadParameter(str(bad), param_hint="--older-than") from bad
    confirm(yes=yes, what=f"Discard what has waited for a link for more than {older_than}?")

    def ask(counter: Counter) -> Awaitable[Json]:
        return counter.desk.expire(seconds, counter.who)

    _tell(_ask(config, ask, quiet=as_json), "discarded", as_json=as_json)


def _tell(answer: Json, word: str, *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
    else:
        say(f"{word} {plural(answer[word], 'entry', 'entries')}")


def _ask(config: Path, ask: Callable[[Counter], Awaitable[Any]], *, quiet: bool) -> Any:
    async def asked() -> Any:
        async with desk_for(config, quiet=quiet) as counter:
            if not counter.exists:
                raise CommandError("there is no outbox yet, so nothing is held")
            return await ask(counter)

    return asyncio.run(asked())
