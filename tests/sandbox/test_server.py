"""Starting, stopping, starting again."""

import asyncio
import signal
from pathlib import Path

import pytest

from bridge.errors import SandboxError, StoreLocked
from bridge.sandbox.server import Sandbox, SandboxSettings, sandbox_running, serve
from tests.sandbox.play import HandClock, playing


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "example.com", "::", ""])
async def test_an_address_that_others_can_reach_is_refused(host: str) -> None:
    with pytest.raises(SandboxError, match="loopback only") as refused:
        async with sandbox_running(SandboxSettings(host=host, port=0)):
            pass

    assert "127.0.0.1" in refused.value.hint


async def test_a_taken_port_is_explained() -> None:
    async with playing(active=False) as play:
        with pytest.raises(SandboxError, match=r"can't listen on 127\.0\.0\.1:") as refused:
            async with sandbox_running(SandboxSettings(port=play.sandbox.port)):
                pass

        assert "port" in refused.value.hint


async def test_localhost_and_ipv6_are_loopback_too() -> None:
    async with playing(active=False, host="localhost") as named:
        assert named.sandbox.url == f"http://127.0.0.1:{named.sandbox.port}"
    async with playing(active=False, host="::1") as six:
        assert six.sandbox.url == f"http://[::1]:{six.sandbox.port}"
        assert six.sandbox.api_url == six.sandbox.url + "/api"
        assert (await six.shown())["status"] == "Draft"


async def test_the_token_is_made_up_unless_given_and_never_printed() -> None:
    async with playing(active=False) as one, playing(active=False, admin_token="chosen") as two:
        assert one.sandbox.admin_token != two.sandbox.admin_token == "chosen"
        assert "chosen" not in repr(two.sandbox)
    assert "chosen" not in repr(SandboxSettings(admin_token="chosen"))


async def test_without_a_file_the_books_are_gone_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    async with playing() as play:
        await play.event("key-1")
        during = _files(tmp_path)

    assert "sandbox.db" in during
    assert _files(tmp_path) == []


async def test_times_come_from_the_clock_that_was_given() -> None:
    async with playing(clock=HandClock()) as play:
        assert (await play.shown())["createdAt"] == "2026-11-23T12:00:00.000Z"


async def test_serving_ends_with_a_signal() -> None:
    announced: asyncio.Future[Sandbox] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve(SandboxSettings(port=0), announced.set_result))
    async with asyncio.timeout(10):
        sandbox = await announced
        signal.raise_signal(signal.SIGTERM)
        await serving

    with pytest.raises(OSError, match=r"Connect(ion refused| call failed)"):
        await asyncio.open_connection("127.0.0.1", sandbox.port)


def _files(folder: Path) -> list[str]:
    return [file.name for file in folder.rglob("*")]


async def test_a_second_sandbox_on_the_same_file_is_refused(tmp_path: Path) -> None:
    settings = SandboxSettings(port=0, db=tmp_path / "sandbox.db")
    async with sandbox_running(settings):
        with pytest.raises(StoreLocked, match=r"sandbox\.db is in use by another campaign-bridge"):
            await sandbox_running(settings).__aenter__()
    async with sandbox_running(settings):
        pass
