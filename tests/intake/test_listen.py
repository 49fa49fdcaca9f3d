"""Addresses and unix sockets."""

import asyncio
import grp
import os
import shutil
import socket
import stat
import tempfile
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bridge.errors import SettingsError
from bridge.intake.http import routes
from bridge.intake.listen import application, http_listening

ITEM = b'{"player": "steam:1", "achievement": "first_blood"}'
REQUEST = (
    b"POST /v1/achievements HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(ITEM), ITEM)
)


@pytest.fixture
def app(gate: Any, sink: Any, clock: Any) -> Any:
    return application(gate, routes(sink, clock))


async def post(path: Path) -> bytes:
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(REQUEST)
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_a_port_that_is_taken_is_named_with_a_way_out(app: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"

        with pytest.raises(SettingsError, match=address) as refused:
            async with http_listening(app, address):
                pass

    assert "another program" in str(refused.value)
    assert "[http]" in refused.value.hint


async def test_an_address_of_another_machine_is_refused(app: Any) -> None:
    with pytest.raises(SettingsError, match=r"192\.0\.2\.1:0"):
        async with http_listening(app, "192.0.2.1:0"):
            pass


async def test_nothing_answers_after_the_door_is_closed(app: Any) -> None:
    async with http_listening(app, "127.0.0.1:0") as bound:
        ((host, port),) = bound.tcp

    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(host, port)


async def test_a_unix_socket_is_for_its_user_and_group_only(
    app: Any, sink: Any, tmp_path: Path
) -> None:
    path = tmp_path / "http.sock"
    async with http_listening(app, None, [path]) as bound:
        mode = stat.S_IMODE(path.stat().st_mode)
        answer = await post(path)

    assert bound.tcp == ()
    assert bound.unix == (path,)
    assert mode == 0o660
    assert answer.startswith(b"HTTP/1.1 202")
    assert sink.messages[0].peer == "unix"
    assert not path.exists()


async def test_a_unix_socket_belongs_to_the_allowed_group(app: Any, tmp_path: Path) -> None:
    group = os.getgroups()[0] if os.getgroups() else grp.getgrgid(os.getegid()).gr_gid
    path = tmp_path / "http.sock"
    async with http_listening(app, None, [path], groups=[group]):
        assert path.stat().st_gid == group


async def test_several_unix_sockets_and_a_port_are_served_at_once(app: Any, tmp_path: Path) -> None:
    paths = [tmp_path / "a", tmp_path / "b"]
    async with http_listening(app, "127.0.0.1:0", paths) as bound:
        answers = [await post(path) for path in paths]

    assert len(bound.tcp) == 1
    assert all(answer.startswith(b"HTTP/1.1 202") for answer in answers)


async def test_a_socket_file_left_behind_is_replaced(app: Any, tmp_path: Path) -> None:
    path = tmp_path / "http.sock"
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(path))

    async with http_listening(app, None, [path]):
        answer = await post(path)

    assert answer.startswith(b"HTTP/1.1 202")


async def test_a_socket_on_which_somebody_listens_is_left_alone(app: Any, tmp_path: Path) -> None:
    path = tmp_path / "http.sock"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()

        with pytest.raises(SettingsError, match="another program"):
            async with http_listening(app, None, [path]):
                pass

        assert path.exists()


async def test_a_file_that_is_no_socket_is_left_alone(app: Any, tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("data")

    with pytest.raises(SettingsError, match="no socket"):
        async with http_listening(app, None, [path]):
            pass

    assert path.read_text() == "data"


@pytest.mark.parametrize("name", ["missing/http.sock", "x" * 120])
async def test_a_path_that_cannot_be_used_is_named(app: Any, tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match="unix socket"):
        async with http_listening(app, None, [tmp_path / name]):
            pass


async def test_a_second_address_that_fails_frees_the_first(app: Any, tmp_path: Path) -> None:
    path = tmp_path / "http.sock"

    with pytest.raises(SettingsError):
        async with http_listening(app, "127.0.0.1:0", [path, tmp_path / "missing/s"]):
            pass

    assert not path.exists()


def test_a_group_that_is_not_ours_is_named() -> None:
    """Root may give files to any group, so the question is put as nobody."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)
    if (child := os.fork()) == 0:
        os._exit(_ask_as_nobody(folder))
    _, status = os.waitpid(child, 0)
    shutil.rmtree(folder)

    assert os.waitstatus_to_exitcode(status) == 42


def _ask_as_nobody(folder: Path) -> int:
    """Return 42 where the refusal is as it should be."""

    async def ask() -> int:
        app, strange = web.Application(), 4711
        try:
            async with http_listening(app, None, [folder / "s"], groups=[strange]):
                return 1
        except SettingsError as refused:
            return 42 if "allowed_groups" in str(refused) else 2

    try:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
        return asyncio.run(ask())
    except BaseException:  # noqa: BLE001  # a forked child must not go on with the tests
        return 3


@pytest.mark.parametrize("turns", range(5))
async def test_who_comes_in_the_moment_we_end_is_answered_by_us_or_by_the_next(
    app: Any, gate: Any, sink: Any, clock: Any, turns: int
) -> None:
    """Between a connection's acceptance and its first call the loop turns a few times."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        ours, next_ones = listener.dup(), listener.dup()
        async with http_listening(app, None, held=[ours]):
            callers = [socket.create_connection(listener.getsockname(), 5) for _ in range(5)]
            for caller in callers:
                caller.sendall(REQUEST)
            for _ in range(turns):
                await asyncio.sleep(0)
        following = application(gate, routes(sink, clock))
        async with http_listening(following, None, held=[next_ones]):
            answers = await asyncio.gather(
                *(asyncio.to_thread(caller.recv, 100) for caller in callers)
            )
        for sock in (*callers, ours, next_ones):
            sock.close()

    assert [answer[:9] for answer in answers] == [b"HTTP/1.1 "] * 5
