"""`campaign-bridge replay`: the command itself.

In: a source and a log. Out: its sums; exit code 1 where nothing was done, or something failed.
"""

import asyncio
import functools
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import quote

import click

from bridge.cli import options
from bridge.cli.control import find_daemon, opened
from bridge.cli.desk import refuse_strangers_files
from bridge.cli.printing import confirm, note, one_line, plural, print_json, say
from bridge.cli.replay.beside import replays_on
from bridge.cli.replay.files import pieces, progress
from bridge.cli.replay.foreseen import Foreseen, foresee
from bridge.daemon import SystemClock
from bridge.daemon.replaying import Replays
from bridge.errors import CommandError, SourceUnknown
from bridge.outbox.store import open_outbox
from bridge.pipeline.sums import Sums
from bridge.settings.files import load_settings, outbox_path
from bridge.settings.models import Settings
from bridge.settings.sources import SourceSettings


@click.command("replay")
@click.argument("source")
@click.argument(
    "file",
    required=False,
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
)
@click.option("--aside", is_flag=True, help="Take again what the source's adapter failed on.")
@click.option(
    "--reapply", is_flag=True, help="Let today's rules decide anew what was decided before."
)
@click.option("--dry-run", is_flag=True, help="Only say what it would make.")
@options.yes
@options.as_json
@click.pass_obj
def command(
    config: Path,
    *,
    source: str,
    file: Path | None,
    aside: bool,
    reapply: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Read an old log of SOURCE again, from its first line; plain, .gz, .bz2 or .xz, - is stdin.

    What was counted before counts no second time, however the file is called now. Lines that were
    never read, since they were there before the bridge, pay in full: what that would cost is shown
    first, and asked about. The adapter begins with an empty memory. Counters for which order
    matters move only in matches that the log holds from their start.
    """
    if (file is None) is not aside:
        raise click.UsageError("name a FILE, or --aside")
    settings = load_settings(config)
    known = {found.name: found for found in settings.sources}
    if source not in known:
        told = ", ".join(known) or "none is configured"
        raise SourceUnknown(f"there is no source {source!r}; sources: {told}")
    job = _Job(config, settings, known[source], file, reapply=reapply, quiet=as_json)
    return asyncio.run(_run(job, dry_run=dry_run, yes=yes, as_json=as_json))


class _Job:
    """What is to be read again, and where it goes."""

    def __init__(
        self,
        config: Path,
        settings: Settings,
        source: SourceSettings,
        file: Path | None,
        *,
        reapply: bool,
        quiet: bool,
    ) -> None:
        self.config = config
        self.settings = settings
        self.source = source
        self.file = file
        self.reapply = reapply
        self.quiet = quiet
        self.outbox = outbox_path(settings.outbox)

    @property
    def is_state(self) -> bool:
        """Whether the file is one of the source's state files."""
        pattern, file = self.source.state_files, self.file
        return pattern is not None and file is not None and fnmatchcase(file.name, pattern.name)

    async def foresee(self) -> Foreseen:
        """Try it on a copy."""
        return await foresee(self.outbox, self.settings, functools.partial(self._read, "trying"))

    async def _read(self, what: str, replays: Replays) -> Sums:
        if self.file is None:
            return await replays.aside(self.source.name)
        with progress(what, quiet=self.quiet) as advance:
            if self.is_state:
                body = await _whole(self.file, advance)
                return await replays.state_file(self.source.name, self.file.name, body)
            read = pieces(self.file, advance)
            return await replays.log(self.source.name, read, reapply=self.reapply)

    async def carry_out(self) -> Sums:
        """Do it, through the daemon where one runs."""
        found = await find_daemon(self.outbox, self.config)
        if found.socket is None:
            refuse_strangers_files(self.outbox, os.geteuid() if os.name == "posix" else -1)
            reserve = self.settings.outbox.reserve
            async with open_outbox(self.outbox, SystemClock(), reserve) as outbox:
                return await self._read("reading", replays_on(outbox, self.settings))
        async with opened(found.socket) as control:
            with progress("reading", quiet=self.quiet) as advance:
                path, body = await self._call(advance)
                return Sums(**await control.stream(path, body))

    async def _call(
        self, advance: Callable[[int], None]
    ) -> tuple[str, AsyncIterator[bytes] | bytes]:
        place = f"/v1/operator/sources/{quote(self.source.name, safe='')}"
        if self.file is None:
            return f"{place}/aside", b""
        if self.is_state:
            name = quote(self.file.name, safe="")
            return f"{place}/state-files/{name}", await _whole(self.file, advance)
        query = "?reapply=1" if self.reapply else ""
        return f"{place}/replay{query}", pieces(self.file, advance)


async def _whole(file: Path, advance: Callable[[int], None]) -> bytes:
    return b"".join([piece async for piece in pieces(file, advance)])


async def _run(job: _Job, *, dry_run: bool, yes: bool, as_json: bool) -> int:
    if str(job.file) == "-":
        if not yes or dry_run:
            raise CommandError(
                "what comes on stdin can't be read twice, so its cost can't be told first",
                hint="Name a file, or say --yes.",
            )
    else:
        foreseen = await job.foresee()
        if dry_run:
            return _told(foreseen.sums, as_json=as_json, foreseen=foreseen, done=False)
        if foreseen.entries:
            note(f"it would make {foreseen.told()}")
            confirm(yes=yes, what="Read it and pay for them?")
    return _told(await job.carry_out(), as_json=as_json)


def _told(sums: Sums, *, as_json: bool, foreseen: Foreseen | None = None, done: bool = True) -> int:
    if as_json:
        cost = None if foreseen is None else str(foreseen.cost()[0])
        print_json({**asdict(sums), "dry_run": not done, "cost": cost})
        return 0
    for line in _lines(sums, done=done):
        say(line)
    if foreseen is not None and foreseen.entries:
        say(f"cost      {foreseen.told()}")
    return 0


def _lines(sums: Sums, *, done: bool) -> list[str]:
    made = "new" if done else "would be new"
    told = [
        f"read      {plural(sums.messages, 'line')}, {plural(sums.events, 'event')}",
        f"entries   {sums.entries} {made}, {sums.duplicates} known",
    ]
    if sums.counted:
        told.append(f"counted   {plural(sums.counted, 'event')} that moved a counter")
    if sums.not_replayed:
        passed = plural(sums.not_replayed, "event")
        told.append(f"passed    {passed} whose counter needs its match from the start")
    if sums.no_rule:
        told.append(f"no rule   {plural(sums.no_rule, 'event')}")
    if sums.rejected:
        last = one_line(sums.last_error, 200)
        told.append(f"refused   {plural(sums.rejected, 'line')}, the last: {last}")
    return told
