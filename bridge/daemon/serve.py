"""The daemon as a process: signals in, the supervisor told, an orderly end out."""

import asyncio
import gc
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import structlog

from bridge.daemon.clock import SystemClock
from bridge.daemon.pulse import Pulse
from bridge.daemon.report import loop_name
from bridge.daemon.rooms import Daemon, running
from bridge.daemon.sockets import handed_over
from bridge.daemon.systemd import Notifier, status_word, watchdog_seconds
from bridge.errors import BridgeError
from bridge.settings.files import load_settings

log = structlog.get_logger("daemon")


async def serve(config: Path) -> None:
    """Run the bridge until SIGTERM or SIGINT; SIGHUP reads the settings again.

    Raises:
        BridgeError: it can't start.
    """
    stop = asyncio.Event()
    loop, hangup = asyncio.get_running_loop(), _Hangup(stop.is_set)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, hangup.come)
    notifier, clock = Notifier.of(), SystemClock()
    try:
        async with Pulse(notifier, clock, watchdog_seconds()) as pulse:
            await _run(config, notifier, pulse, stop, hangup)
    except BridgeError as failure:
        notifier.tell(status_word(f"it can't run: {failure}"))
        raise
    finally:
        notifier.close()


async def _run(
    config: Path, notifier: Notifier, pulse: Pulse, stop: asyncio.Event, hangup: "_Hangup"
) -> None:
    notifier.tell(status_word("starting"))
    held = handed_over()
    try:
        async with running(config, load_settings(config), held=held, notifier=notifier) as daemon:
            gc.freeze()  # what is loaded now stays: no full collection has to look at it again
            # A thousand events are some ten thousand values, none of them in a cycle: by default
            # a tenth of the time that they take would go into looking for one.
            gc.set_threshold(10_000)
            log.info(
                "running",
                action="daemon_running",
                config=str(config),
                held=sorted(held.doors),
                loop=loop_name(),
            )
            pulse.watch(daemon.life)
            notifier.ready(await daemon.life.line())
            hangup.reach(daemon)
            try:
                await _until_the_end(daemon, stop)
            finally:
                pulse.ending()
                log.info("stopping", action="daemon_stopping")
                notifier.stopping("stopping: what has come in is kept, calls in flight are awaited")
                await hangup.done()
    finally:
        held.close()


async def _until_the_end(daemon: Daemon, stop: asyncio.Event) -> None:
    ending: list[asyncio.Future[object]] = [
        asyncio.ensure_future(stop.wait()),
        asyncio.ensure_future(daemon.until_a_part_dies()),
    ]
    done, left = await asyncio.wait(ending, return_when=asyncio.FIRST_COMPLETED)
    for task in left:
        task.cancel()
    for task in done:
        task.result()


class _Hangup:
    """Reloads that SIGHUP asks for; one that comes while the daemon starts is done after that."""

    def __init__(self, ends: Callable[[], bool]) -> None:
        self._ends = ends
        self._daemon: Daemon | None = None
        self._came = False
        self._reloads: set[asyncio.Task[None]] = set()

    def reach(self, daemon: Daemon) -> None:
        """Let `daemon` be reloaded from now on."""
        self._daemon = daemon
        if self._came:
            self.come()

    def come(self) -> None:
        """Begin one, unless the daemon ends: the next start reads the settings anyway."""
        self._came = True
        if self._daemon is not None and not self._ends():
            task = asyncio.create_task(self._reload(self._daemon))
            self._reloads.add(task)
            task.add_done_callback(self._reloads.discard)

    async def done(self) -> None:
        """Wait for those under way."""
        await asyncio.gather(*self._reloads, return_exceptions=True)

    async def _reload(self, daemon: Daemon) -> None:
        with suppress(BridgeError):  # the daemon has logged why it refused
            await daemon.reload()
