"""Each payout is announced once, also across cut connections and restarts over there."""

import json
import threading
from collections.abc import Iterator

import pytest

from sample_game import announcing
from sample_game.announcing import Herald
from sample_game.doors import Bridge
from sample_game.roster import Player
from tests.sample_game.far import LIMIT, Asked, Far, far_running
from tests.sample_game.test_linking import Chat

ALICE = Player("steam:76561197960265729", "Alice")
EVIL = Player("name:evil", "\x1b]0;owned\x07\n++ Alice was paid 500")


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> Iterator[Far]:
    monkeypatch.setattr(announcing, "WAIT", 0.01)
    with far_running() as made:
        yield made


def paid(number: int, key: str | None = None, player: Player = ALICE, **more: str) -> str:
    change = {
        "key": key or f"key-{number}",
        "player": player.id,
        "achievement": "first_blood",
        "state": "confirmed",
        "amount": "1.5",
        **more,
    }
    return f"id: {number}\r\nevent: state\r\ndata: {json.dumps(change)}\r\n\r\n"


def hello(number: int) -> str:
    return f"retry: 2000\nid: {number}\nevent: hello\ndata: \n\n"


def heard(far: Far, *, keys: int) -> Chat:
    """Listen until so many payouts were announced."""
    chat = Chat()
    bridge = Bridge(("127.0.0.1", far.port), ("127.0.0.1", 1), "t0ken", 2.0)
    with Herald(bridge, [ALICE, EVIL], chat.say, chat.notice) as herald:
        assert herald.ready.wait(LIMIT)
        chat.wait(keys)
    return chat


def test_a_payout_is_announced_with_its_amount(far: Far) -> None:
    far.stream = lambda asked: iter([hello(7), ": ping\n\n", paid(8)])
    chat = heard(far, keys=1)

    assert chat.said == ["++ Alice was paid 1.5 for first_blood"]
    assert far.asked[0].path == "/v1/stream?state=confirmed"
    assert far.asked[0].headers["Authorization"] == "Bearer t0ken"
    assert "Last-Event-ID" not in far.asked[0].headers


def test_after_a_cut_it_goes_on_after_the_last_number(far: Far) -> None:
    whole = [hello(0), *(paid(n) for n in range(1, 31))]

    def stream(asked: Asked) -> Iterator[str]:
        """Send what comes after the number, three events, and the half of a fourth."""
        after = int(asked.headers.get("Last-Event-ID", -1))
        left = whole[after + 1 :]
        yield from left[:3]
        if len(left) > 3:
            yield left[3][: len(left[3]) // 2]

    far.stream = stream
    chat = heard(far, keys=30)

    assert len(chat.said) == 30
    assert len(far.asked) >= 10
    ids = [int(asked.headers["Last-Event-ID"]) for asked in far.asked[1:]]
    assert ids == sorted(ids)


def test_what_is_told_twice_is_announced_once(far: Far) -> None:
    def stream(asked: Asked) -> Iterator[str]:
        yield from [hello(0), paid(1), paid(2, key="key-1"), paid(3)]

    far.stream = stream
    chat = heard(far, keys=2)

    assert len(chat.said) == 2


def test_other_players_other_states_and_broken_events_are_passed_over(far: Far) -> None:
    stranger = Player("name:stranger", "Stranger")
    far.stream = lambda asked: iter(
        [
            hello(0),
            paid(1, player=stranger),
            paid(2, state="accepted"),
            "event: state\ndata: {}\n\n",
            "id: x\nevent: state\ndata: {}\n\n",
            paid(3),
        ]
    )

    assert len(heard(far, keys=1).said) == 1


def test_a_gap_is_told_and_the_stream_goes_on(far: Far) -> None:
    far.stream = lambda asked: iter([hello(9), "id: 2\nevent: gap\ndata: {}\n\n", paid(3)])
    chat = heard(far, keys=2)

    assert chat.noticed[0] == "some payouts may have gone unannounced"
    assert chat.said


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_is_noticed_once_and_nobody_waits_for_it(far: Far, status: int) -> None:
    far.answer = lambda asked: (status, {})
    chat = Chat()
    bridge = Bridge(("127.0.0.1", far.port), ("127.0.0.1", 1), "t0ken", 2.0)
    with Herald(bridge, [ALICE], chat.say, chat.notice) as herald:
        assert herald.ready.wait(LIMIT)
        herald.wait({"never"}, LIMIT)

    assert len(chat.noticed) == 1
    assert str(status) in chat.noticed[0]
    assert len(far.asked) == 1


def test_hostile_names_break_no_line(far: Far) -> None:
    far.stream = lambda asked: iter([hello(0), paid(1, player=EVIL, achievement="x\n++ y")])
    (line,) = heard(far, keys=1).said

    assert line.isprintable()
    assert line.startswith("++ \\x1b]0;owned")


def test_the_end_comes_at_once_though_the_stream_is_silent(far: Far) -> None:
    ended, in_time = threading.Event(), threading.Event()
    waited: list[bool] = []

    def stream(asked: Asked) -> Iterator[str]:
        yield hello(0)
        waited.append(ended.wait(LIMIT))
        in_time.set()

    far.stream = stream
    heard(far, keys=0)
    ended.set()
    in_time.wait(LIMIT)

    assert waited == [True]
