"""PostgreSQL as Debian ships it, under a user of its own, since it refuses root.

In: a folder that every user may enter. Out: a server on loopback, loaded by asyncpg.
"""

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from benchmarks.contract import Bench
from benchmarks.peers.contract import Lack, Peer, Serving
from benchmarks.peers.server import (
    Server,
    accepts,
    command_as,
    folder_for,
    free_ports,
    running,
    user_exists,
)

#: Where Debian's packages put their programs, a folder a version.
_DEBIAN: Final = Path("/usr/lib/postgresql")
_USER: Final = "postgres"
_INITDB: Final = ("--auth=trust", "--encoding=UTF8", "--locale=C", "--no-instructions")
_OPTIONS: Final = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
}


def lacks() -> Lack | None:
    """What is not installed: the server with its user, or the client."""
    if _programs() is None or not user_exists(_USER):
        return Lack("PostgreSQL is not installed", "apt-get install postgresql")
    if find_spec("asyncpg") is None:
        return Lack("asyncpg is not installed", "pip install --group bench")
    return None


@asynccontextmanager
async def serve(bench: Bench, folder: Path) -> AsyncIterator[Serving]:
    """Run a fresh one; the loader reads back that it syncs, and refuses to go on where not."""
    programs = _programs() or _DEBIAN
    (port,) = free_ports(1)
    data = str(folder_for(_USER, folder) / "data")
    initdb = str(programs / "initdb")
    command_as(_USER, [initdb, f"--pgdata={data}", "--username=bench", *_INITDB])
    postgres = str(programs / "postgres")
    options = [f"--{name}={value}" for name, value in {**_OPTIONS, "port": port}.items()]
    server = Server(
        "postgres",
        [postgres, "-D", data, *options],
        folder,
        bench.serve,
        lambda: accepts(port),
        user=_USER,
        stop=signal.SIGINT,  # the fast shutdown: connections are cut
    )
    version = command_as(None, [postgres, "--version"]).split()[2]
    loaders = {"asyncpg": ["benchmarks.peers.loaders.postgres", f"--port={port}"]}
    async with running(server) as pid:
        yield Serving(f"PostgreSQL {version}", pid, "", loaders)


def _programs() -> Path | None:
    """The folder of the newest server that is installed."""
    found = [path for path in _DEBIAN.glob("*/bin") if (path / "postgres").exists()]
    return max(found, key=lambda path: float(path.parent.name), default=None)


PEER = Peer("PostgreSQL", lacks, serve)
