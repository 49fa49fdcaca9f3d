"""`campaign-bridge send`: an achievement from a shell hook, through the running daemon."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import TypeVar

import click
from pydantic import JsonValue

from bridge.cli import options
from bridge.cli.control import ControlSocket, Json, find_daemon, find_daemon_of, opened
from bridge.cli.printing import note, note_unreadable, one_line, print_json, say
from bridge.cli.words import missing, next_step, note_lane
from bridge.errors import DaemonNotRunning, Overloaded, SettingsError, StoreUnavailable
from bridge.settings.files import CONTROL_SOCKET, load_settings, outbox_path, runtime_dirs

T = TypeVar("T")

#: Seconds for which a daemon is tried that is away, starting again or short of disk.
PATIENCE = 5.0
_PAUSE = 0.2
_DONE = {"accepted", "confirmed"}
_STUCK = {"held", "uncertain", "dead", "discarded"}


@click.command("send")
@click.argument("player")
@click.argument("achievement")
@click.option("--id", "id_", metavar="ID", help="Your own name for this one deed: counts once.")
@click.option("--occurred-at", metavar="T", help="When it happened: 2026-11-23T18:00:00Z.")
@click.option(
    "--detail", "details", multiple=True, callback=options.values, help="KEY=VALUE; repeatable."
)
@click.option(
    "--wait", type=click.FloatRange(min=0), metavar="SECONDS", help="Wait until it is accepted."
)
@click.option(
    "--patience",
    type=click.FloatRange(min=0),
    default=PATIENCE,
    show_default=True,
    metavar="SECONDS",
    help="How long to try while the daemon is away.",
)
@options.as_json
@click.pass_obj
def command(  # noqa: PLR0913  # click hands every option over by its name
    config: Path,
    *,
    player: str,
    achievement: str,
    id_: str | None,
    occurred_at: str | None,
    details: dict[str, JsonValue],
    wait: float | None,
    patience: float,
    as_json: bool,
) -> int:
    """Send what PLAYER has achieved; when it says `stored`, it survives a power cut.

    Needs the running daemon, and waits for one that is being restarted. With --id, running it
    again is safe. The rule's `repeat` limits it in any case: once for ever, once a day, once a
    week; without --id and --occurred-at, the moment of this command is when it happened.

    With --wait the exit code is 0 only where the API has accepted it in time.
    """
    if id_ is None and occurred_at is None:
        occurred_at = datetime.now(UTC).isoformat(timespec="seconds")
    said = {"player": player, "achievement": achievement, "id": id_, "occurred_at": occurred_at}
    message: Json = {name: value for name, value in said.items() if value is not None}
    if details:
        message["details"] = details
    answer = asyncio.run(_send(config, message, wait, patience))
    if as_json:
        print_json(answer)
    else:
        _print(answer, named=id_ is not None, waited=wait is not None)
    return 0 if wait is None or answer["state"] in _DONE else 1


async def _send(config: Path, message: Json, wait: float | None, patience: float) -> Json:
    socket = await _patiently(lambda: _socket(config), patience)
    async with opened(socket) as control:
        answer = await _patiently(
            lambda: control.call("POST", "/v1/achievements", message), patience
        )
        if wait is not None or answer["state"] == "held":
            answer |= await _followed(control, answer, wait or 0.0)
        return answer


async def _socket(config: Path) -> Path:
    """Return the daemon's socket; only the daemon can read some configurations."""
    if _is_unreadable(config):
        paths = [folder / CONTROL_SOCKET for folder in runtime_dirs(config)]
        for path in filter(os.path.exists, paths):
            return path
        raise DaemonNotRunning
    try:
        outbox = outbox_path(load_settings(config).outbox)
    except SettingsError as unreadable:
        return await _socket_in_spite_of(unreadable, config)
    found = await find_daemon(outbox, config)
    if found.socket is None:
        raise found.explained(outbox)
    return found.socket


async def _socket_in_spite_of(unreadable: SettingsError, config: Path) -> Path:
    """Return the socket of a daemon that read the file in time; raises `unreadable` without."""
    found = await find_daemon_of(config)
    if found.socket is None:
        raise unreadable
    note_unreadable(unreadable)
    return found.socket


def _is_unreadable(config: Path) -> bool:
    try:
        config.open("rb").close()
    except PermissionError:
        return True
    except OSError:
        return False
    return False


async def _patiently(call: Callable[[], Awaitable[T]], patience: float) -> T:
    """Try for `patience` seconds; a message that was stored already is known by its key."""
    until, said = monotonic() + patience, False
    while True:
        try:
            return await call()
        except (DaemonNotRunning, Overloaded, StoreUnavailable) as away:
            if monotonic() >= until:
                raise
            if not said:
                note(f"{away}; trying for {patience:g} s")
                said = True
        await asyncio.sleep(_PAUSE)


async def _followed(control: ControlSocket, answer: Json, seconds: float) -> Json:
    """Return what became of the entry; its last known state where time runs out."""
    if not answer["key"]:
        return {}
    until = monotonic() + seconds
    while True:
        receipt = await control.call("GET", f"/v1/achievements/{answer['key']}")
        if receipt["state"] in _DONE | _STUCK or monotonic() >= until:
            told = {name: receipt[name] for name in ("state", "entry_state", "reason", "lane")}
            lacks = {"lacks": missing(receipt), "next": next_step(receipt)}
            return {**told, **lacks} if receipt["state"] in _STUCK else told
        await asyncio.sleep(min(_PAUSE, max(0.0, until - monotonic())))


def _print(answer: Json, *, named: bool, waited: bool) -> None:
    known = " (known before)" if answer["duplicate"] else ""
    reason = f": {one_line(answer['reason'])}" if waited and answer.get("reason") else ""
    say(f"{answer['key'] or '-'}  {answer['state']}{reason}{known}")
    if answer.get("differs"):
        note("this id came before with other content; the first one stands")
    if answer["state"] in _STUCK:
        note(f"{answer['state']}: {answer['lacks']}; outbox show {answer['key']} tells all of it")
        if answer["next"]:
            note(f"what can be done: {answer['next']}")
    elif waited and answer["state"] == "stored":
        note("not accepted in time; it survives here and is sent as soon as that is possible")
        note_lane(answer.get("lane"))
    elif not named:
        note("no --id: sent again, it counts as the rule's `repeat` says")
