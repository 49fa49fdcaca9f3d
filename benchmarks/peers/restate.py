"""restate, a single node: the nearest in kind, HTTP with an Idempotency-Key, durable, delivers.

In: a folder. Out: a server on loopback that knows one service, whose calls are due in a month: so
events are accepted and kept, and nothing is delivered, as ours are held. It has one partition: on
one processor its default, 24, is four times slower, since each log is synced for itself.
"""

import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import aiohttp
from aiohttp import web

from benchmarks.contract import Bench
from benchmarks.peers.contract import Lack, Peer, Serving
from benchmarks.peers.loaders.restate import PATH
from benchmarks.peers.server import (
    NPM,
    Server,
    accepts,
    command_as,
    folder_for,
    free_ports,
    running,
)
from bridge.cli.stage import until
from bridge.errors import CommandError

_CONFIG: Final = """\
node-name = "bench"
cluster-name = "bench"
base-dir = "{base}"
listen-mode = "tcp"
bind-address = "127.0.0.1:{fabric}"
advertised-address = "http://127.0.0.1:{fabric}"
default-num-partitions = 1
disable-telemetry = true
log-format = "compact"
log-disable-ansi-codes = true

[ingress]
bind-address = "127.0.0.1:{ingress}"

[admin]
bind-address = "127.0.0.1:{admin}"

[bifrost]
default-provider = "replicated"

[log-server]
rocksdb-disable-wal-fsync = false
"""
_SERVICE: Final = {
    "protocolMode": "REQUEST_RESPONSE",
    "minProtocolVersion": 5,
    "maxProtocolVersion": 5,
    "services": [{"name": "Events", "ty": "SERVICE", "handlers": [{"name": "keep"}]}],
}
_MANIFEST: Final = "application/vnd.restate.endpointmanifest.v3+json"
_ROOT: Final = Path(__file__).parents[2]
_HINT: Final = f"npm install --ignore-scripts --prefix {NPM} @restatedev/restate-server"
#: What would make it answer before it syncs.
_LOOSE: Final = ("rocksdb-disable-wal", "rocksdb-disable-wal-fsync")
#: Seconds that its partitions get to be led by somebody, after which it takes events.
_LED: Final = 60.0


def lacks() -> Lack | None:
    """What is not installed."""
    return Lack("restate-server is not installed", _HINT) if _program() is None else None


@asynccontextmanager
async def serve(bench: Bench, folder: Path) -> AsyncIterator[Serving]:
    """Run a fresh one that knows the service; raises `CommandError` where it does not sync."""
    program = _program() or ""
    fabric, ingress, admin, service = free_ports(4)
    config = folder_for(None, folder) / "restate.toml"
    config.write_text(
        _CONFIG.format(base=folder / "data", fabric=fabric, ingress=ingress, admin=admin),
        encoding="utf-8",
    )
    command = [program, "--no-logo", f"--config-file={config}"]
    told = _synced(command_as(None, [*command, "--dump-config"]))
    server = Server("restate", command, folder, bench.serve, lambda: accepts(admin))
    version = command_as(None, [program, "--version"]).rpartition(" ")[2]
    loaders = {"http": ["benchmarks.peers.loaders.restate", f"--port={ingress}"]}
    async with running(server) as pid, _service(service):
        await _register(admin, service)
        await _takes(ingress)
        yield Serving(f"restate {version}", pid, told, loaders, lambda: _kept(admin))


def _synced(config: str) -> str:
    """Read back that its logs are synced; what is as by default, it does not print."""
    loose = [name for name in _LOOSE if f"{name} = true" in config]
    if loose or "[log-server]" not in config or 'default-provider = "replicated"' not in config:
        raise CommandError(
            f"restate does not say that it syncs before it answers {loose}",
            hint="Another version of restate? Compare `restate-server --dump-config`.",
        )
    return "log server: write-ahead log on, its fsync on"


@asynccontextmanager
async def _service(port: int) -> AsyncIterator[None]:
    """Say what the service is; nobody calls it."""

    async def discover(_: web.Request) -> web.Response:
        return web.Response(body=json.dumps(_SERVICE).encode(), content_type=_MANIFEST)

    road = web.Application()
    road.router.add_get("/discover", discover)
    runner = web.AppRunner(road)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield
    finally:
        await runner.cleanup()


async def _register(admin: int, service: int) -> None:
    deployment = {"uri": f"http://127.0.0.1:{service}", "use_http_11": True}
    url = f"http://127.0.0.1:{admin}/deployments"
    async with aiohttp.ClientSession() as session, session.post(url, json=deployment) as answer:
        if answer.status >= 300:
            raise CommandError(f"restate refused the service: {(await answer.text())[:500]}")


async def _takes(ingress: int) -> None:
    """Wait until it accepts an event."""
    late = "restate runs but accepts no event; its log says why"
    async with aiohttp.ClientSession(f"http://127.0.0.1:{ingress}") as session:

        async def accepted() -> bool:
            try:
                async with session.post(PATH, json={}) as answer:
                    return answer.status == 202
            except aiohttp.ClientError:
                return False

        await until(accepted, _LED, late)


async def _kept(admin: int) -> int:
    """Count what waits to be carried out."""
    query = {"query": "SELECT count(*) AS kept FROM sys_invocation"}
    url = f"http://127.0.0.1:{admin}/query"
    wants = {"Accept": "application/json"}
    async with (
        aiohttp.ClientSession(headers=wants) as session,
        session.post(url, json=query) as answer,
    ):
        if answer.status != 200:
            raise CommandError(f"restate does not count: {(await answer.text())[:500]}")
        return int((await answer.json())["rows"][0]["kept"])


def _program() -> str | None:
    """The server itself, not its starter in JavaScript: from npm's folder, else on the path."""
    packages = _ROOT / NPM / "node_modules" / "@restatedev"
    found = sorted(packages.glob("restate-server-*/bin/restate-server"))
    return str(found[0].resolve()) if found else shutil.which("restate-server")


PEER = Peer("restate", lacks, serve)
