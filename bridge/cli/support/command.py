"""The command: one archive, for its owner only, and never in another file's place."""

import asyncio
import io
import os
import secrets
import tarfile
from pathlib import Path
from typing import Any

import click

from bridge.cli.desk import desk_for
from bridge.cli.keeping.place import Place, place_of
from bridge.cli.keeping.words import in_bytes
from bridge.cli.printing import note, plural, say
from bridge.cli.support.contents import NO_LOG, contents
from bridge.cli.support.masking import Masker, secrets_of
from bridge.control.health import ledger_reasons
from bridge.daemon import SystemClock
from bridge.errors import BridgeError, CommandError, SettingsError, StoreUnavailable
from bridge.settings.files import load_settings
from bridge.settings.models import Settings


@click.command("support-bundle")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--log",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A log whose last lines go in; without it the journal's, where there is one.",
)
@click.pass_obj
def command(config: Path, *, file: Path, log: Path | None) -> None:
    """Write FILE (.tar.gz): what somebody needs to know who is to help, and no secret.

    Versions, settings, status, the schema and counts of the outbox, what `outbox check` finds, the
    newest entries and the last lines of the log. API keys, tokens, secrets, raw messages and
    e-mail addresses are left out; players and userRefs become marks.
    """
    settings, unreadable = _settings(config)
    place = _place(config)
    masker = Masker(secrets_of(settings) if settings is not None else (), secrets.token_bytes(16))
    status = {**_status(config), **({"settings": unreadable} if unreadable else {})}
    made = list(contents(settings, config, place, status, log, masker))
    _write(file, made)
    size = file.stat().st_size
    say(f"{file}: {in_bytes(size)}, {plural(len(made), 'file')}: {', '.join(n for n, _ in made)}")
    if (log_text := dict(made)["log.txt"]).startswith(NO_LOG):
        note(f"! {log_text.strip()}")
    say("no secret, raw message or player's name is in it; look through it before you send it on")


def _settings(config: Path) -> tuple[Settings | None, str]:
    try:
        return load_settings(config), ""
    except SettingsError as unreadable:
        return None, str(unreadable)


def _place(config: Path) -> Place | None:
    try:
        return place_of(config)
    except BridgeError:
        return None


def _status(config: Path) -> dict[str, Any]:
    """Return what `status` would say, readiness with it, or why it can't be said."""

    async def ask() -> dict[str, Any]:
        async with desk_for(config, quiet=True) as counter:
            found = {"daemon": None, **await counter.desk.status()}
            reasons = [reason.code for reason in ledger_reasons(found)]
            return {"status": found, "ledger_reasons": reasons}

    try:
        return asyncio.run(ask())
    except BridgeError as refused:
        return {"not_told": str(refused)}


def _write(file: Path, made: list[tuple[str, str]]) -> None:
    folder = file.name.removesuffix(".gz").removesuffix(".tar").removesuffix(".tgz")
    now = SystemClock().now().timestamp()
    try:
        opened = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(opened, "wb") as out, tarfile.open(fileobj=out, mode="w:gz") as archive:
            for name, text in made:
                data = text.encode()
                member = tarfile.TarInfo(f"{folder}/{name}")
                member.size, member.mode, member.mtime = len(data), 0o600, int(now)
                archive.addfile(member, io.BytesIO(data))
    except FileExistsError as taken:
        raise CommandError(f"{file} is there already", hint="Name a new file.") from taken
    except OSError as failure:
        raise StoreUnavailable(
            f"{file} can't be written: {failure.strerror}",
            hint="Name a file that this user may write.",
        ) from failure
