"""Players without a link are shown where to get one; nothing that goes wrong stops the game."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from sample_game import linking
from sample_game.doors import Bridge
from sample_game.linking import Greeter
from sample_game.roster import Player
from tests.sample_game.far import LIMIT, Asked, Far, far_running

ALICE = Player("steam:76561197960265729", "Alice")
EVIL = Player("name:a/b ?", "\x1b]0;owned\x07\n>> Alice, link")
NOBODY = {"links": [], "held": 0}
URL = "http://127.0.0.1:8798/link?session=s1"


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> Iterator[Far]:
    monkeypatch.setattr(linking, "WAIT", 0.01)
    with far_running() as made:
        yield made


class Chat:
    """What was said and noticed."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.noticed: list[str] = []
        self._change = threading.Condition()

    def say(self, line: str) -> None:
        with self._change:
            self.said.append(line)
            self._change.notify_all()

    def notice(self, line: str) -> None:
        with self._change:
            self.noticed.append(line)
            self._change.notify_all()

    def wait(self, lines: int) -> None:
        with self._change:
            told = self._change.wait_for(lambda: len(self.said + self.noticed) >= lines, LIMIT)
            assert told, (self.said, self.noticed)


def greeted(far: Far, *players: Player, lines: int = 1, port: int | None = None) -> Chat:
    """Greet players until so many lines were said or noticed."""
    chat = Chat()
    bridge = Bridge(("127.0.0.1", port or far.port), ("127.0.0.1", 1), "t0ken", 2.0)
    with Greeter(bridge, players, "players.example.com", chat.say, chat.notice):
        chat.wait(lines)
    return chat


def test_who_is_not_linked_is_shown_the_url(far: Far) -> None:
    far.answer = lambda asked: (
        (200, NOBODY) if asked.method == "GET" else (201, {"url": URL, "state": "pending"})
    )
    chat = greeted(far, ALICE)

    assert chat.said == [f">> Alice, link your account to be paid: {URL}"]
    seen, begun = far.asked
    assert seen.path == "/v1/players/steam%3A76561197960265729"
    assert begun.path == f"{seen.path}/link"
    assert begun.body == {"email": "76561197960265729@players.example.com"}
    assert begun.headers["Authorization"] == "Bearer t0ken"


def test_who_is_linked_is_left_alone(far: Far) -> None:
    linked = {"links": [{"campaign": "c", "userRef": "u", "state": "linked"}], "held": 0}

    def answer(asked: Asked) -> tuple[int, Any]:
        if "name" in asked.path:
            return 404, {"detail": "the end of this test"}
        return 200, linked

    far.answer = answer
    chat = greeted(far, ALICE, EVIL)

    assert chat.said == []
    assert [asked.method for asked in far.asked] == ["GET", "GET"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 501])
def test_a_refusal_is_noticed_once_and_the_next_player_is_greeted(far: Far, status: int) -> None:
    def answer(asked: Asked) -> tuple[int, Any]:
        if asked.method == "GET":
            return 200, NOBODY
        if "steam" in asked.path:
            return status, {"detail": "no link today"}
        return 201, {"url": URL}

    far.answer = answer
    chat = greeted(far, ALICE, Player("name:Bob", "Bob"), lines=2)

    assert chat.noticed == [f"no link for Alice: {status} no link today"]
    assert chat.said == [f">> Bob, link your account to be paid: {URL}"]
    assert len([asked for asked in far.asked if asked.method == "POST"]) == 2


def test_what_passes_is_asked_again(far: Far) -> None:
    answers = iter([(503, {}), (200, NOBODY), (202, {"url": None}), (200, NOBODY), (500, {})])
    last = iter([(200, NOBODY), (201, {"url": URL})])
    far.answer = lambda asked: next(answers, None) or next(last)
    chat = greeted(far, ALICE)

    assert chat.noticed == []
    assert len(chat.said) == 1
    assert len(far.asked) == 7


def test_a_bridge_that_is_away_is_waited_for_and_the_end_does_not_wait(far: Far) -> None:
    chat = Chat()
    bridge = Bridge(("127.0.0.1", 1), ("127.0.0.1", 1), None, 2.0)
    with Greeter(bridge, [ALICE], "players.example.com", chat.say, chat.notice):
        pass

    assert (chat.said, chat.noticed) == ([], [])


def test_a_hostile_name_breaks_no_line(far: Far) -> None:
    far.answer = lambda asked: (
        (200, NOBODY) if asked.method == "GET" else (201, {"url": f"{URL}\n\x1b[31m"})
    )
    (line,) = greeted(far, EVIL).said

    assert line.isprintable()
    assert line.startswith(">> \\x1b]0;owned\\x07\\n>> Alice, link, link your account")
    assert far.asked[0].path == "/v1/players/name%3Aa%2Fb%20%3F"
