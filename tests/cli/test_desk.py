"""Where the commands find the outbox: in the daemon, by themselves, or not at all."""

import inspect
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from bridge.cli import control
from bridge.cli.desk import AnyDesk, refuse_strangers_files
from bridge.cli.remote import RemoteDesk
from bridge.control.desk import Desk
from bridge.errors import (
    BridgeError,
    CommandError,
    MessageRejected,
    NotAllowed,
    NotAuthenticated,
)
from bridge.gate.problems import problem_of, problem_response
from bridge.settings.files import CONTROL_SOCKET
from bridge.sqlite.lock import locked
from tests.cli.conftest import Cli
from tests.cli.play import Site, write_plain


def _family(kind: type[BridgeError]) -> list[type[BridgeError]]:
    """Return the family of `errors.py`; what a room adds of its own never leaves the process."""
    children = [child for child in kind.__subclasses__() if child.__module__ == kind.__module__]
    return [kind, *(grown for child in children for grown in _family(child))]


@pytest.mark.parametrize("call", [name for name in vars(AnyDesk) if not name.startswith("_")])
def test_both_desks_are_called_alike(call: str) -> None:
    near, far = getattr(Desk, call), getattr(RemoteDesk, call)

    assert list(inspect.signature(near).parameters) == list(inspect.signature(far).parameters)


@pytest.mark.parametrize("kind", _family(BridgeError))
def test_the_daemons_refusal_is_the_same_error_here(kind: type[BridgeError]) -> None:
    error = control.error_of(problem_of(kind("what happened", hint="what to do")))

    assert type(error) is kind
    assert (str(error), error.hint) == ("what happened", "what to do")


def test_the_fields_of_a_refusal_arrive() -> None:
    error = control.error_of(
        {
            "type": "urn:campaign-bridge:problem:invalid-message",
            "detail": "bad",
            "errors": [{"pointer": "/id", "detail": "is bad"}],
        }
    )

    assert isinstance(error, MessageRejected)
    assert [(field.pointer, field.detail) for field in error.fields] == [("/id", "is bad")]


def test_an_unknown_problem_is_an_error_all_the_same() -> None:
    error = control.error_of({"type": "about:blank", "detail": "from a newer daemon"})

    assert isinstance(error, CommandError)
    assert str(error) == "from a newer daemon"


# -- without a daemon -----------------------------------------------------------------------


def test_looking_makes_no_outbox(cli: Cli, configured: Site) -> None:
    for arguments in (["status"], ["outbox", "list"], ["players", "list"], ["check", "--offline"]):
        ran = cli(*arguments)
        assert ran.code == 0, ran.err

    assert not configured.outbox.exists()


def test_it_says_which_outbox_it_speaks_of_but_not_beside_json(cli: Cli, configured: Site) -> None:
    first = cli("players", "list")
    cli("players", "link", "name:Alice", "usr_1")
    second = cli("players", "list")

    assert f"outbox {configured.outbox} is not there yet" in first.err
    assert f"outbox {configured.outbox}, directly: no daemon runs for it" in second.err
    assert cli("players", "list", "--json").err == ""


def test_an_outbox_that_another_process_holds_is_told_with_its_pid(
    cli: Cli, configured: Site
) -> None:
    configured.outbox.touch()
    script = (
        "import sys; from pathlib import Path; from bridge.sqlite.lock import locked\n"
        "with locked(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(configured.outbox)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        tried = [
            cli(*arguments)
            for arguments in (["status"], ["outbox", "list"], ["players", "link", "name:A", "u"])
        ]
        checked = cli("check", "--offline", "--json")
        holder.communicate()

    assert {ran.code for ran in tried} == {1}
    for ran in tried:
        assert f"in use by another campaign-bridge (pid {holder.pid})" in ran.err
        assert "answers on no control socket" in ran.err
        assert "hint: Run this as the daemon's user" in ran.err
    assert checked.code == 1
    assert [found["what"] for found in checked.json["findings"] if found["level"] == "problem"] == [
        "database"
    ]


def test_a_lock_that_nobody_holds_any_more_is_no_hindrance(cli: Cli, configured: Site) -> None:
    with locked(configured.outbox):
        pass
    configured.outbox.touch()

    assert cli("status").code == 0


def test_a_socket_that_a_killed_daemon_left_is_passed_over(cli: Cli, configured: Site) -> None:
    left = Path(configured.env["RUNTIME_DIRECTORY"]) / CONTROL_SOCKET
    left.touch()

    assert cli("status", "--json").json["daemon"] is None


def test_root_leaves_no_files_in_another_users_folder(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        os.chown(tmp_path, 12345, 12345)
    owner = tmp_path.stat().st_uid
    new = tmp_path / "new" / "outbox.db"
    refuse_strangers_files(new, owner)  # its own user may

    with pytest.raises(CommandError, match="would lock the daemon out") as error:
        refuse_strangers_files(new, user=0)

    assert f"sudo -u '#{owner}'" in error.value.hint

    with pytest.raises(CommandError) as under_systemd:
        refuse_strangers_files(new, user=0, services=tmp_path)

    assert "campaign-bridge-as-service" in under_systemd.value.hint


def test_the_journal_names_the_user() -> None:
    assert control.operator().isprintable()


# -- beside another daemon ------------------------------------------------------------------


def test_a_daemon_of_another_outbox_is_not_asked(cli: Cli, site: Site) -> None:
    write_plain(site)
    with site.daemon():
        here = cli("status", "--json")
        text = site.config.read_text().replace("sandbox-outbox.db", "another.db")
        site.config.write_text(text)
        there = cli("status", "--json")
        sent = cli("players", "show", "name:A")

    assert here.json["daemon"] is not None
    assert there.json["daemon"] is None
    assert there.json["outbox"] == str(site.folder / "another.db")
    assert "another.db is not there yet" in sent.err


# -- beside something that can't be asked ---------------------------------------------------


@asynccontextmanager
async def _answering(answer: web.Response, folder: str) -> AsyncIterator[None]:
    """Answer every call on the control socket alike."""

    async def call(_: web.Request) -> web.Response:
        return answer

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", call)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.UnixSite(runner, str(Path(folder) / CONTROL_SOCKET)).start()
        yield
    finally:
        await runner.cleanup()


async def test_a_daemon_that_lets_us_only_post_is_found_all_the_same(site: Site) -> None:
    async with _answering(problem_response(NotAllowed()), site.env["RUNTIME_DIRECTORY"]):
        found = await control.find_daemon(site.outbox, site.config)

    assert found.limited
    assert found.socket == Path(site.env["RUNTIME_DIRECTORY"]) / CONTROL_SOCKET


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda: problem_response(NotAuthenticated()), "lets only root and the daemon's own user"),
        (lambda: web.Response(text="<html>"), "without JSON"),
        (lambda: web.json_response([1]), "no object"),
        (lambda: web.json_response({"outbox": "/elsewhere"}), "serves /elsewhere"),
    ],
)
async def test_a_daemon_that_can_not_be_asked_is_told_of(
    site: Site, answer: Callable[[], web.Response], told: str
) -> None:
    async with _answering(answer(), site.env["RUNTIME_DIRECTORY"]):
        found = await control.find_daemon(site.outbox, site.config)

    assert found.socket is None
    assert told in str(found.explained(site.outbox))
