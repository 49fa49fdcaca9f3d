"""The daemon as a process: signals in, an orderly end out."""

import asyncio
import gc
import signal
from pathlib import Path

import structlog

from bridge.daemon.rooms import Daemon, running
from bridge.errors import BridgeError
from bridge.settings.files import load_settings

log = structlog.get_logger("daemon")


async def serve(config: Path) -> None:
    """Run the bridge until SIGTERM or SIGINT; SIGHUP reads the settings again.

    Raises:
        BridgeError: it can't start.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(config, load_settings(config)) as daemon:
        reloads: set[asyncio.Task[None]] = set()

        def on_hangup() -> None:
            if stop.is_set():  # it ends: the next start reads the settings anyway
                return
            task = asyncio.create_task(_reload(daemon))
            reloads.add(task)
            task.add_done_callback(reloads.discard)

        loop.add_signal_handler(signal.SIGHUP, on_hangup)
        gc.freeze()  # what is loaded now stays: no full collection has to look at it again
        log.info("running", action="daemon_running", config=str(config))
        ending: list[asyncio.Future[object]] = [
            asyncio.ensure_future(stop.wait()),
            asyncio.ensure_future(daemon.until_a_part_dies()),
        ]
        done, left = await asyncio.wait(ending, return_when=asyncio.FIRST_COMPLETED)
        for task in left:
            task.cancel()
        log.info("stopping", action="daemon_stopping")
        await asyncio.gather(*reloads, return_exceptions=True)
        for task in done:
            task.result()


async def _reload(daemon: Daemon) -> None:
    try:
        await daemon.reload()
    except BridgeError as refused:
        log.error(
            "the settings stay as they were",
            action="reload_refused",
            error=str(refused),
            hint=refused.hint,
        )
