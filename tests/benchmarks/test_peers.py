import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from benchmarks.contract import Bench, Missing
from benchmarks.goals.peers import CONTESTS, Against, Contest, measure
from benchmarks.load.events import SIZE
from benchmarks.peers import loading
from benchmarks.peers.contract import Lack, Peer, Serving
from benchmarks.peers.loaders.closed import Book, NotAcknowledged, events
from benchmarks.peers.loading import Loading
from benchmarks.peers.server import Server, folder_for, free_ports, running
from bridge.errors import CommandError

SECONDS = 0.1


class Resp:
    """Answers as much of Redis' protocol as the raw loader speaks; forgets every `loses`-th."""

    def __init__(self, fsync: str = "always", loses: int = 0) -> None:
        self.fsync, self.loses, self.taken = fsync, loses, 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while words := await self._command(reader):
            writer.write(self._answer(words))
        writer.close()

    async def _command(self, reader: asyncio.StreamReader) -> list[bytes]:
        if not (head := await reader.readline()):
            return []
        words = []
        for _ in range(int(head[1:])):
            size = int((await reader.readline())[1:])
            words.append((await reader.readexactly(size + 2))[:-2])
        return words

    def _answer(self, words: list[bytes]) -> bytes:
        if words[0] == b"SET":
            assert words[3:] == [b"NX"]
            assert len(words[2]) == SIZE
            self.taken += 1
            return b"+OK\r\n"
        if words[0] == b"DBSIZE":
            return b":%d\r\n" % (self.taken - self.loses)
        value = self.fsync if words[2] == b"appendfsync" else "yes"
        return b"*2\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n" % (
            len(words[2]),
            words[2],
            len(value),
            value.encode(),
        )


@asynccontextmanager
async def _loading(folder: Path, resp: Resp) -> AsyncIterator[Loading]:
    server = await asyncio.start_server(resp.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    loaders = {"raw": ["benchmarks.peers.loaders.redis_raw", f"--port={port}"]}
    async with server:
        yield Loading(_bench(folder), Serving("a small server", os.getpid(), "", loaders))


def _bench(folder: Path) -> Bench:
    core = min(os.sched_getaffinity(0))
    return Bench(folder, quick=True, pairs=1, serve=core, load=core)


async def test_a_loader_counts_what_the_peer_acknowledged(tmp_path: Path) -> None:
    resp = Resp()
    async with _loading(tmp_path, resp) as peer:
        loaded = await peer.load("raw", 8, SECONDS)

    assert loaded.acknowledged == loaded.kept == resp.taken
    assert 0 < loaded.accepted < loaded.acknowledged  # the warm-up does not count
    assert loaded.rate == loaded.accepted / loaded.seconds


async def test_a_peer_that_holds_less_than_it_acknowledged_makes_no_figure(tmp_path: Path) -> None:
    async with _loading(tmp_path, Resp(loses=1)) as peer:
        with pytest.raises(CommandError, match="acknowledged"):
            await peer.load("raw", 8, SECONDS)


async def test_a_peer_that_answers_before_it_syncs_is_refused(tmp_path: Path) -> None:
    async with _loading(tmp_path, Resp(fsync="everysec")) as peer:
        with pytest.raises(CommandError, match="appendfsync everysec: it answers before it syncs"):
            await peer.load("raw", 8, SECONDS)


def test_each_event_has_a_key_of_its_own() -> None:
    made = [one for one, _ in zip(events(), range(1000), strict=False)]

    assert len({key for key, _ in made}) == len({event for _, event in made}) == 1000
    assert {len(event) for _, event in made} == {SIZE}


def test_a_run_of_which_nothing_counts_is_no_run() -> None:
    with pytest.raises(NotAcknowledged):
        Book(SECONDS).loaded()


def test_every_call_that_syncs_is_counted() -> None:
    table = """\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 64.94    0.010893         105       103           fdatasync
 21.56    0.003617          70        51         2 fsync
 13.50    0.002265          41        55           openat
------ ----------- ----------- --------- --------- ----------------
100.00    0.016775          80       209         2 total
"""

    assert loading.counted(table) == 154


async def test_a_peer_that_is_not_installed_is_named_with_what_installs_it(tmp_path: Path) -> None:
    peer = Peer("Nobody", lambda: Lack("it is not installed", "apt-get install it"), _broken)
    outcome = await measure(_bench(tmp_path), [_contest(peer)])

    assert outcome.rows == [
        Missing(4, "accept by POST, against Nobody", "it is not installed", "apt-get install it")
    ]


async def test_a_peer_that_does_not_run_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    contests = [_contest(Peer(name, lambda: None, _broken)) for name in ("One", "Two")]
    outcome = await measure(_bench(tmp_path), contests)

    assert [(row.what, row.why) for row in outcome.rows if isinstance(row, Missing)] == [
        ("accept by POST, against One", "small ended: no disk"),
        ("accept by POST, against Two", "small ended: no disk"),
    ]


def test_each_peer_of_the_list_says_what_it_lacks_without_starting_it() -> None:
    for contest in CONTESTS:
        lack = contest.peer.lacks()

        assert lack is None or "install" in lack.hint


async def test_a_server_is_awaited_and_ended(tmp_path: Path) -> None:
    marks = tmp_path / "ready"
    code = f"import pathlib, time; pathlib.Path({str(marks)!r}).touch(); time.sleep(60)"

    async with running(_server(tmp_path, code, marks)) as pid:
        assert psutil.pid_exists(pid)

    assert not psutil.pid_exists(pid)


async def test_a_server_that_ends_at_once_is_told_with_its_last_words(tmp_path: Path) -> None:
    server = _server(tmp_path, "raise SystemExit('no such setting')", tmp_path / "never")

    with pytest.raises(CommandError, match="no such setting"):
        async with running(server):
            pass


def test_free_ports_differ() -> None:
    assert len(set(free_ports(4))) == 4


def _server(folder: Path, code: str, marks: Path) -> Server:
    async def ready() -> bool:
        return await asyncio.to_thread(marks.exists)

    core = min(os.sched_getaffinity(0))
    return Server("small", [sys.executable, "-c", code], folder, core, ready)


def _contest(peer: Peer) -> Contest:
    async def ours(_: Bench) -> float:
        return 1000.0

    return Contest(peer, "raw", (Against("POST", ours, 1.0),))


@asynccontextmanager
async def _broken(_: Bench, folder: Path) -> AsyncIterator[Serving]:
    home = folder_for(None, folder)
    async with running(_server(home, "raise SystemExit('no disk')", folder / "never")) as pid:
        yield Serving("", pid, "", {})
