"""rsyslog taking RELP into a disk queue that is synced at each message, with its bookkeeping.

In: a folder. Out: a server on loopback. Where the queue leads to is away: events are accepted and
kept, and nothing is delivered, as ours are held. It knows no duplicates.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from benchmarks.contract import Bench
from benchmarks.peers.contract import Lack, Peer, Serving
from benchmarks.peers.server import Server, accepts, command_as, folder_for, free_ports, running

_MODULES: Final = Path("/usr/lib")
_CONFIG: Final = """\
global(workDirectory="{folder}")
module(load="imrelp" ruleset="events")
module(load="omrelp")
input(type="imrelp" address="127.0.0.1" port="{port}")
ruleset(
  name="events"
  queue.type="Disk"
  queue.filename="events"
  queue.spoolDirectory="{folder}"
  queue.size="100000000"
  queue.maxDiskSpace="0"
  queue.syncQueueFiles="on"
  queue.checkpointInterval="1"
  queue.saveOnShutdown="on"
  queue.timeoutShutdown="10"
) {{
  action(
    type="omrelp" target="127.0.0.1" port="{away}"
    action.resumeRetryCount="-1" action.resumeInterval="3600"
  )
}}
"""


def lacks() -> Lack | None:
    """What is not installed: the server, or its module for RELP."""
    if _program() is None or not list(_MODULES.glob("*/rsyslog/imrelp.so")):
        return Lack("rsyslog with RELP is not installed", "apt-get install rsyslog rsyslog-relp")
    return None


@asynccontextmanager
async def serve(bench: Bench, folder: Path) -> AsyncIterator[Serving]:
    """Run a fresh one; raises `CommandError` where it refuses its own configuration."""
    program = _program() or ""
    port, away = free_ports(2)
    config = folder_for(None, folder) / "rsyslog.conf"
    config.write_text(_CONFIG.format(folder=folder, port=port, away=away), encoding="utf-8")
    command_as(None, [program, "-N1", "-f", str(config)])
    command = [program, "-n", "-f", str(config), "-i", str(folder / "pid")]
    server = Server("rsyslogd", command, folder, bench.serve, lambda: accepts(port))
    version = command_as(None, [program, "-v"]).split()[1]
    loaders = {"relp": ["benchmarks.peers.loaders.rsyslog", f"--port={port}"]}
    told = "syncQueueFiles=on checkpointInterval=1"
    async with running(server) as pid:
        yield Serving(f"rsyslog {version}", pid, told, loaders, lambda: _kept(folder))


async def _kept(folder: Path) -> int:
    """Count the events in the queue's files."""
    return await asyncio.to_thread(_count, folder)


def _count(folder: Path) -> int:
    files = [path for path in folder.glob("events.*") if path.suffix != ".qi"]
    return sum(path.read_bytes().count(b'"achievement":') for path in files)


def _program() -> str | None:
    return shutil.which("rsyslogd") or shutil.which("rsyslogd", path="/usr/sbin")


PEER = Peer("rsyslog", lacks, serve)
