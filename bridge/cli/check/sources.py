"""The sources: adapters, secrets, files, and what a new one would cost from its beginning.

In: settings. Out: findings. Reads logs and a copy of the outbox; changes nothing.
"""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from bridge.cli.adapters import registry as every_plugin
from bridge.cli.check.files import secret
from bridge.cli.check.findings import Finding, fine, problem, refused, warning
from bridge.cli.printing import plural
from bridge.cli.replay.files import pieces
from bridge.cli.replay.foreseen import Prices, foresee
from bridge.daemon import SystemClock
from bridge.daemon.replaying import Replays
from bridge.daemon.sources import speaker_of
from bridge.errors import BridgeError
from bridge.intake.files.sequence import Log
from bridge.outbox.copy import copied
from bridge.pipeline.sums import Sums
from bridge.settings.files import outbox_path
from bridge.settings.models import Settings
from bridge.settings.sources import SourceSettings


async def check_sources(settings: Settings, prices: Prices) -> AsyncIterator[Finding]:
    """Look at each source: can it be opened, can it be read, where does it begin."""
    if not settings.sources:
        return
    try:
        registry = every_plugin(settings.adapters.plugins_dir)
    except BridgeError:
        return  # said among the adapters
    for source in settings.sources:
        what = f"source {source.name}"
        try:
            spec, _ = speaker_of(source, registry)
        except BridgeError as error:
            yield refused(what, error)
            continue
        yield fine(what, f"{_way(source)}, read by {spec.name}, trusts a {source.trust}")
        barred = [_denied(what, folder) for folder in _barred_from(source)]
        for found in (*_trust(what, source), *(barred or _readable(what, source))):
            yield found
        if barred:
            continue
        async for found in _beginning(what, source, settings, prices):
            yield found


def _way(source: SourceSettings) -> str:
    if source.by_http:
        return f"posted to /v1/messages/{source.name}"
    if source.udp is not None:
        return f"datagrams to {source.udp}"
    return f"read from {source.file or source.state_files}"


def _trust(what: str, source: SourceSettings) -> Iterator[Finding]:
    if source.token_file is not None:
        yield from secret(source.token_file, what)
    told = {
        "client": "ids that a player's own machine makes: whoever copies one is that player",
        "name": "names: whoever takes a player's name takes the rewards",
    }
    if source.trust in told:
        advice = "Read what that is worth in the adapter's README."
        yield warning(what, f"it trusts {told[source.trust]}", advice)


# -- files ----------------------------------------------------------------------------------


def _barred_from(source: SourceSettings) -> list[Path]:
    """Return the folders that keep this user from the source's files."""
    paths = [path for path in (source.file, source.state_files) if path is not None]
    return list(dict.fromkeys(filter(None, map(barrier, paths))))


def barrier(path: Path, access: Callable[[Path, int], bool] = os.access) -> Path | None:
    """Return the uppermost folder above `path` that may not be entered; None where all may be."""
    for folder in reversed(path.parents):
        if not access(folder, os.X_OK):
            return folder if access(folder, os.F_OK) else None
    return None


def _readable(what: str, source: SourceSettings) -> Iterator[Finding]:
    if source.file is not None:
        live = Log(source.file, source.rotated).live()
        if live is not None:
            yield from _permitted(what, live)
        else:
            yield _missing(what, source.file)
    if source.state_files is not None:
        folder = source.state_files.parent
        if folder.is_dir():
            yield from _permitted(what, folder)
        else:
            yield _missing(what, source.state_files)


def _missing(what: str, path: Path) -> Finding:
    folder = next(parent for parent in path.parents if parent.exists())
    if not os.access(folder, os.R_OK):
        return _denied(what, folder)
    return warning(what, f"{path} is not there yet", "It is read from its beginning when it comes.")


def _permitted(what: str, path: Path) -> Iterator[Finding]:
    wanted = os.R_OK | (os.X_OK if path.is_dir() else 0)
    if not os.access(path, wanted):
        yield _denied(what, path)


def _denied(what: str, path: Path) -> Finding:
    return problem(
        what,
        f"this user may not read {path}",
        "Run this as the daemon's user; let that user read it and enter every folder above it. "
        "Under systemd a drop-in does: install.md in the documentation (of the Debian package: "
        "/usr/share/doc/campaign-bridge).",
    )


# -- where a new source begins ----------------------------------------------------------------


async def _beginning(
    what: str, source: SourceSettings, settings: Settings, prices: Prices
) -> AsyncIterator[Finding]:
    """Say what a source that never ran would pay for what is there already."""
    if source.file is None and source.state_files is None:
        return
    outbox = outbox_path(settings.outbox)
    try:
        if await _has_begun(outbox, source.name):
            return
        if source.start == "end":
            yield fine(what, "it is new: what stands there now pays nothing, what comes later does")
            return

        async def read(replays: Replays) -> Sums:
            return await _all_of(source, replays)

        foreseen = await foresee(outbox, settings, read)
    except BridgeError as error:
        yield refused(what, error)
        return
    read_now = f"{plural(foreseen.sums.messages, 'message')} from its beginning"
    if not foreseen.entries:
        yield fine(what, f"it is new: {read_now} would pay nothing")
        return
    yield warning(
        what,
        f'start = "beginning": {read_now} would pay {foreseen.told(prices)}',
        "Leave `start` out to pay only for what comes from now on.",
    )


async def _has_begun(outbox: Path, name: str) -> bool:
    with copied(outbox, SystemClock()) as copy:
        state = await copy.source(name)
        return (state is not None and state.place is not None) or bool(await copy.parts(name))


async def _all_of(source: SourceSettings, replays: Replays) -> Sums:
    sums = Sums()
    live = Log(source.file, source.rotated).live() if source.file is not None else None
    if live is not None:
        sums = await replays.log(source.name, pieces(live, lambda _: None))
    if source.state_files is not None and source.state_files.parent.is_dir():
        for path in sorted(source.state_files.parent.iterdir()):
            if fnmatchcase(path.name, source.state_files.name) and path.is_file():
                sums.join(await replays.state_file(source.name, path.name, path.read_bytes()))
    return sums
