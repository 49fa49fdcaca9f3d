"""Redis, its append-only file synced before each answer (`appendfsync always`).

In: a folder. Out: a server on loopback, and how it is loaded: by a raw socket, and by redis-py.
"""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path

from benchmarks.contract import Bench
from benchmarks.peers.contract import Lack, Peer, Serving
from benchmarks.peers.server import Server, accepts, command_as, folder_for, free_ports, running


def lacks() -> Lack | None:
    """What is not installed."""
    if shutil.which("redis-server") is None:
        return Lack("redis-server is not installed", "apt-get install redis-server")
    return None


@asynccontextmanager
async def serve(bench: Bench, folder: Path) -> AsyncIterator[Serving]:
    """Run a fresh one; the loaders read back that it syncs, and refuse to go on where not."""
    (port,) = free_ports(1)
    options = {
        "bind": "127.0.0.1",
        "port": str(port),
        "dir": str(folder),
        "save": "",
        "appendonly": "yes",
        "appendfsync": "always",
        "daemonize": "no",
    }
    command = ["redis-server", *(word for name in options for word in (f"--{name}", options[name]))]
    server = Server("redis", command, folder_for(None, folder), bench.serve, lambda: accepts(port))
    version = command_as(None, ["redis-server", "--version"]).split("v=")[1].split()[0]
    loaders = {"raw": ["benchmarks.peers.loaders.redis_raw", f"--port={port}"]}
    if find_spec("redis") is not None:
        loaders["redis-py"] = ["benchmarks.peers.loaders.redis_py", f"--port={port}"]
    async with running(server) as pid:
        yield Serving(f"Redis {version}", pid, "", loaders)


PEER = Peer("Redis", lacks, serve)
