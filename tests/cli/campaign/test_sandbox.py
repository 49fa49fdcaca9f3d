"""Every command against the real sandbox, without any configuration."""

from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bridge.cli.init.sandbox import FUNDS
from tests.campaigns.host import Answer, Host, host_beside, reset
from tests.cli.campaign.owner import EVENT, Owner
from tests.cli.conftest import Cli
from tests.cli.play import Process, Ran, run_here, sandbox_beside

PASSED_ON = ("Authorization", "X-Campaign-Id", "Idempotency-Key")


class Guide(Owner):
    """A campaign in the sandbox, and the program pointed at it."""

    def __init__(self, url: str, key_file: Path) -> None:
        super().__init__(url)
        key_file.touch(mode=0o600)
        key_file.write_text(self.api_key)
        self._options = [
            f"--campaign={self.campaign}",
            f"--api-key-file={key_file}",
        ]

    def words(self, *arguments: str, base_url: str = "") -> list[str]:
        after = 2 if arguments[0] == "invites" else 1
        options = [*self._options, f"--base-url={base_url or f'{self.url}/api'}"]
        return ["campaign", *arguments[:after], *options, *arguments[after:]]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with sandbox_beside(tmp_path_factory.mktemp("sandbox")) as url:
        yield url


@pytest.fixture
def guide(sandbox: str, tmp_path: Path) -> Guide:
    return Guide(sandbox, tmp_path / "campaign-key")


@pytest.fixture
def host() -> Iterator[Host]:
    with host_beside() as made:
        yield made


@pytest.fixture
def run(guide: Guide, cli: Cli, capsys: pytest.CaptureFixture[str]) -> Cli:
    def run(*arguments: str) -> Ran:
        return run_here(capsys, *guide.words(*arguments))

    return run


def linked(run: Cli, guide: Guide, email: str) -> str:
    """Link a player and return their userRef."""
    session = run("link", email, "--json").json["sessionKey"]
    guide.decide("approve", session)
    user_ref = run("link", email, "--wait", "--json").json["userRef"]
    assert isinstance(user_ref, str)
    return user_ref


def test_what_is_paid_is_in_the_history(run: Cli, guide: Guide) -> None:
    guide.fund(str(FUNDS))
    run("start", "--yes", "--wait")
    user_ref = linked(run, guide, "paid@example.com")
    for _ in range(3):
        guide.event(user_ref)
    run("stop", "--yes", "--wait")  # payouts that were accepted are made before
    shown = run("show", "--json").json
    rows = run("history", user_ref, "--json").json["transactions"]
    pages = run("history", user_ref, "--limit=2").out.splitlines()

    assert shown["totalAmountPaidOut"] == "15.00"
    assert [(row["eventCode"], row["payoutAmount"]) for row in rows] == [("EARN5", "5.00")] * 3
    assert len(pages) == 4
    assert "--all shows all" in pages[-1]
    assert run("events", "--json").json == {"events": [{**EVENT, "payoutAmount": "5.00"}]}


def test_users_are_linked_listed_and_unlinked(run: Cli, guide: Guide) -> None:
    refs = [linked(run, guide, f"p{n}@example.com") for n in range(3)]
    listed = run("users", "--all", "--json").json["users"]
    gone = run("unlink", refs[0])
    left = run("users", "--json").json["users"]

    assert {user["userRef"] for user in listed} == set(refs)
    assert gone.code == 0, gone.err
    assert {user["userRef"] for user in left if user["status"] == listed[0]["status"]} == {
        *refs[1:]
    }


def test_an_unknown_user_is_told_as_such(run: Cli) -> None:
    ran = run("history", "usr_nobody")

    assert ran.code == 1
    assert "answered 404: 'Unknown userRef'" in ran.err


def test_an_invite_lives_its_life(run: Cli) -> None:
    made = run("invites", "create", "--label=Discord", "--max-uses=50", "--until=7d", "--json").json
    renamed = run("invites", "update", made["id"], "--label=Forum", "--unlimited", "--json").json
    states = [
        run("invites", what, made["id"], "--json").json["state"]
        for what in ("pause", "resume", "revoke")
    ]
    (listed,) = run("invites", "list", "--json").json["invites"]
    revoked = run("invites", "resume", made["id"])

    assert (made["label"], made["maxUses"], made["uses"], made["state"]) == (
        "Discord",
        50,
        0,
        "active",
    )
    assert made["url"].startswith("http://127.0.0.1:")
    assert made["expiresAt"].endswith("Z")
    assert (renamed["label"], renamed["maxUses"]) == ("Forum", None)
    assert renamed["expiresAt"] == made["expiresAt"]
    assert states == ["paused", "active", "revoked"]
    assert listed["state"] == "revoked"
    assert revoked.code == 1
    assert "hint: " in revoked.err


def test_a_session_that_is_begun_again_is_the_same(run: Cli, guide: Guide) -> None:
    first = run("link", "twice@example.com", "--json").json
    second = run("link", " Twice@Example.com", "--json").json

    assert (first["created"], second["created"]) == (True, False)
    assert first["sessionKey"] == second["sessionKey"]


def test_a_player_who_declines_ends_the_waiting(run: Cli, guide: Guide) -> None:
    waiting = Process(guide.words("link", "no@example.com", "--wait"), {"PYTHONUNBUFFERED": "1"})
    try:
        guide.decide("decline", waiting.wait_for("session  ").split()[1])
        told = waiting.wait_for("error:")
    finally:
        waiting.stop()

    assert "will not link through this session: it is declined" in told


def test_the_key_of_another_campaign_is_refused(
    sandbox: str, guide: Guide, cli: Cli, tmp_path: Path
) -> None:
    other = Guide(sandbox, tmp_path / "other-key")
    ran = cli(
        "campaign",
        "show",
        f"--campaign={other.campaign}",
        f"--base-url={sandbox}/api",
        f"--api-key-file={tmp_path / 'campaign-key'}",
    )

    assert ran.code == 1
    assert "answered 403" in ran.err
    assert "holds this campaign's key" in ran.err


def test_an_answer_that_is_lost_is_not_done_twice(
    guide: Guide, cli: Cli, host: Host, tmp_path: Path
) -> None:
    """Between the two is a wire on which the first answer to a start is lost."""
    guide.fund(10)
    path = f"/campaign/{guide.campaign}"
    through = forwarded(guide.url)
    host.on(f"GET {path}", through)
    host.on(f"PUT {path}/start", lost_after(through), through)
    start = guide.words("start", "--yes", base_url=host.url)
    lost, again = cli(*start), cli(*start, "--wait", "--json")

    assert lost.code == 1
    assert "it may have been done" in lost.err
    assert again.code == 0, again.err
    assert again.json["repeated"] is True
    assert again.json["standing"]["status"] == "Active"


def forwarded(url: str) -> Answer:
    """Answer as the sandbox does."""

    async def answer(_: Host, request: web.Request) -> web.StreamResponse:
        headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
        async with (
            aiohttp.ClientSession() as session,
            session.request(request.method, f"{url}{request.path_qs}", headers=headers) as reply,
        ):
            return web.Response(status=reply.status, body=await reply.read())

    return answer


def lost_after(answer: Answer) -> Answer:
    """Let it be done, and lose the answer."""

    async def lose(host: Host, request: web.Request) -> web.StreamResponse:
        done = await answer(host, request)
        assert done.status == 202
        return await reset(host, request)

    return lose
