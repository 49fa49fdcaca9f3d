"""What turns the daemon."""

import asyncio
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from bridge.cli import run


class _Fast(asyncio.SelectorEventLoop):
    """Stands for uvloop's."""


@pytest.fixture
def turned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    loops: list[str] = []

    async def serve(config: object) -> None:
        loops.append(type(asyncio.get_running_loop()).__name__)

    monkeypatch.setattr(run, "serve", serve)
    monkeypatch.setattr(run, "log_to_stderr", lambda level: None)
    monkeypatch.setattr(run, "uvloop", SimpleNamespace(new_event_loop=_Fast))
    return loops


def there(monkeypatch: pytest.MonkeyPatch, *, is_there: bool) -> None:
    monkeypatch.setattr(run, "find_spec", lambda name: object() if is_there else None)


@pytest.mark.parametrize(
    ("is_there", "given", "turns"),
    [
        (True, [], True),
        (True, ["--loop=uvloop"], True),
        (True, ["--loop=asyncio"], False),
        (False, [], False),
        (False, ["--loop=asyncio"], False),
    ],
)
def test_uvloop_turns_it_where_it_is_installed_and_not_ruled_out(
    monkeypatch: pytest.MonkeyPatch,
    turned: list[str],
    is_there: bool,
    given: list[str],
    turns: bool,
) -> None:
    there(monkeypatch, is_there=is_there)
    done = CliRunner().invoke(run.command, given, env={"CAMPAIGN_BRIDGE_LOOP": None})

    assert done.exit_code == 0, done.output
    assert (turned == ["_Fast"]) is turns


def test_the_environment_may_say_it(monkeypatch: pytest.MonkeyPatch, turned: list[str]) -> None:
    there(monkeypatch, is_there=True)
    CliRunner().invoke(run.command, env={"CAMPAIGN_BRIDGE_LOOP": "asyncio"})

    assert turned != ["_Fast"]


def test_one_that_is_asked_for_and_missing_is_an_error(
    monkeypatch: pytest.MonkeyPatch, turned: list[str]
) -> None:
    there(monkeypatch, is_there=False)
    done = CliRunner().invoke(run.command, ["--loop=uvloop"])

    assert "uvloop is not installed" in str(done.exception)
    assert turned == []
