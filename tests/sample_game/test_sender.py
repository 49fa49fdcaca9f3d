"""The sender against real sockets that drop, refuse, reset, hang, go away and come back."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from sample_game.achievements import Deed
from sample_game.doors import Bridge
from sample_game.sender import Sender
from sample_game.tally import Tally, Via

LIMIT = 20.0


def deeds(number: int) -> list[Deed]:
    when = "2026-11-23T12:00:00.000+00:00"
    return [
        Deed("steam:76561197960265729", "frag", f"m/{n}", when, {"name": '🦊 "'})
        for n in range(1, number + 1)
    ]


class Run:
    """A sender with its tally, and what it logged."""

    def __init__(self, sender: Sender, tally: Tally, path: Path, log: list[str]) -> None:
        self.sender, self.tally, self.path, self.log = sender, tally, path, log

    def tell(self, some: list[Deed], via: Via) -> None:
        for deed in some:
            self.tally.achieved(deed, via)
            self.sender.send(deed, via)

    def lines(self, kind: str) -> list[dict[str, Any]]:
        lines = map(json.loads, self.path.read_bytes().splitlines())
        return [line for line in lines if kind in line]


@pytest.fixture
def run(stand_in: Any, tmp_path: Path) -> Callable[..., Any]:
    @contextmanager
    def run(**options: Any) -> Iterator[Run]:
        log: list[str] = []
        timeout = options.pop("timeout", 3.0)
        bridge = Bridge(stand_in.http, stand_in.udp, options.pop("token", None), timeout)
        with (
            Tally(tmp_path / "t") as tally,
            Sender(bridge, tally, Random(1), notice=log.append, **options) as sender,
        ):
            yield Run(sender, tally, tmp_path / "t", log)

    return run


BOTH = pytest.mark.parametrize("via", ["http", "udp"])


def assert_all_acknowledged_once(run: Run, stand_in: Any, some: list[Deed]) -> None:
    acknowledged = Counter(line["acknowledged"] for line in run.lines("acknowledged"))

    assert acknowledged == Counter(deed.id for deed in some)
    assert set(stand_in.keys) == {deed.id for deed in some}
    assert all(heard.message in [deed.message() for deed in some] for heard in stand_in.heard)


@BOTH
def test_a_deed_is_told_as_the_contract_says_and_acknowledged(
    run: Any, stand_in: Any, via: Via
) -> None:
    with run(token="secret") as game:
        game.tell(deeds(1), via)

        assert game.sender.flush(LIMIT) == []
    (heard,) = stand_in.heard
    assert heard.message == deeds(1)[0].message()
    assert (heard.via, heard.token) == (via, "secret")
    assert game.lines("acknowledged") == [
        {
            "acknowledged": "m/1",
            "key": stand_in.keys["m/1"],
            "state": "stored",
            "duplicate": False,
            "attempts": 1,
        }
    ]


def test_dropped_datagrams_are_sent_again_with_the_same_id(
    run: Any, stand_in: Any, reply: Any
) -> None:
    stand_in.script = lambda heard: reply(drop=heard.nth <= 3)
    with run() as game:
        game.tell(deeds(20), "udp")

        assert game.sender.flush(LIMIT) == []
    assert_all_acknowledged_once(game, stand_in, deeds(20))
    assert all(line["attempts"] >= 4 for line in game.lines("acknowledged"))


def test_lost_acknowledgements_make_duplicates_and_no_second_effect(
    run: Any, stand_in: Any, reply: Any
) -> None:
    def script(heard: Any) -> Any:
        stand_in.acknowledge(heard.message["id"])
        return reply(drop=heard.nth == 1)

    stand_in.script = script
    with run() as game:
        game.tell(deeds(10)[:5], "udp")
        game.tell(deeds(10)[5:], "http")

        assert game.sender.flush(LIMIT) == []
    assert_all_acknowledged_once(game, stand_in, deeds(10))
    assert all(line["duplicate"] for line in game.lines("acknowledged"))


@pytest.mark.parametrize("status", [429, 503, 507, 500, 401, 302])
def test_not_now_is_asked_again(run: Any, stand_in: Any, reply: Any, status: int) -> None:
    stand_in.script = lambda heard: reply(status if heard.nth <= 2 else 202)
    with run() as game:
        game.tell(deeds(6), "http")

        assert game.sender.flush(LIMIT) == []
    assert_all_acknowledged_once(game, stand_in, deeds(6))
    assert {line["attempts"] for line in game.lines("acknowledged")} == {3}


def test_nothing_is_sent_before_retry_after_is_over(run: Any, stand_in: Any, reply: Any) -> None:
    times: list[float] = []

    def script(heard: Any) -> Any:
        times.append(time.monotonic())
        return reply(503, {"Retry-After": "1"}) if len(times) == 1 else reply()

    stand_in.script = script
    with run() as game:
        game.tell(deeds(1), "http")

        assert game.sender.flush(LIMIT) == []
    assert times[1] - times[0] >= 0.99


@pytest.mark.parametrize("cut", ["reset", "drop"])
def test_a_cut_connection_is_made_anew(run: Any, stand_in: Any, reply: Any, cut: str) -> None:
    stand_in.script = lambda heard: reply(**{cut: heard.nth <= 2})
    with run() as game:
        game.tell(deeds(10), "http")

        assert game.sender.flush(LIMIT) == []
    assert_all_acknowledged_once(game, stand_in, deeds(10))


def test_a_202_without_an_acknowledgement_in_it_proves_nothing(
    run: Any, stand_in: Any, reply: Any
) -> None:
    stand_in.script = lambda heard: reply(body={"hello": 1}) if heard.nth == 1 else reply()
    with run() as game:
        game.tell(deeds(1), "http")
        game.tell(deeds(2)[1:], "udp")

        assert game.sender.flush(LIMIT) == []
    assert_all_acknowledged_once(game, stand_in, deeds(2))


@BOTH
def test_a_bridge_that_goes_away_and_comes_back_gets_everything(
    run: Any, stand_in: Any, via: Via
) -> None:
    with run() as game:
        game.tell(deeds(30)[:10], via)
        stand_in.wait_for(lambda heard: heard)
        stand_in.stop()
        game.tell(deeds(30)[10:], via)

        assert game.sender.flush(0.3) != []
        stand_in.start()
        assert game.sender.flush(LIMIT) == []
    assert_all_acknowledged_once(game, stand_in, deeds(30))
    assert any("sending again until it is acknowledged" in line for line in game.log)
    assert game.log[-1] == f"{via}: answered again"


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_a_call_that_will_never_be_taken_is_reported_and_not_sent_again(
    run: Any, stand_in: Any, reply: Any, status: int
) -> None:
    stand_in.script = lambda heard: reply(status, body={"title": "no", "detail": "no such rule"})
    with run(duplicates=1.0) as game:
        game.tell(deeds(1), "http")

        assert game.sender.flush(LIMIT) == []
    assert len(stand_in.heard) == 1
    assert game.lines("refused") == [{"refused": "m/1", "status": status, "reason": "no such rule"}]
    assert game.log == [f"refused for good: frag m/1: {status} no such rule"]


def test_an_error_by_udp_with_a_status_is_judged_like_one_by_http(
    run: Any, stand_in: Any, reply: Any
) -> None:
    def script(heard: Any) -> Any:
        status = 503 if heard.nth == 1 else 422
        return reply(body={"error": {"status": status, "title": "no"}})

    stand_in.script = script
    with run() as game:
        game.tell(deeds(1), "udp")

        assert game.sender.flush(LIMIT) == []
    assert [heard.via for heard in stand_in.heard][:2] == ["udp", "udp"]
    assert game.lines("refused") == [{"refused": "m/1", "status": 422, "reason": "no"}]


def test_an_error_by_udp_that_says_too_little_is_asked_again_by_http(
    run: Any, stand_in: Any, reply: Any
) -> None:
    def script(heard: Any) -> Any:
        return reply(body={"error": "no-rule"}) if heard.via == "udp" else reply(422)

    stand_in.script = script
    with run() as game:
        game.tell(deeds(1), "udp")

        assert game.sender.flush(LIMIT) == []
    assert [line["status"] for line in game.lines("refused")] == [422]


@BOTH
def test_a_repeated_deed_is_told_once_more_and_written_down_as_repeated(
    run: Any, stand_in: Any, via: Via
) -> None:
    with run(duplicates=1.0) as game:
        game.tell(deeds(20), via)

        assert game.sender.flush(LIMIT) == []
    assert_all_acknowledged_once(game, stand_in, deeds(20))
    repeated = game.lines("repeated")
    assert {line["repeated"]: line["key"] for line in repeated} == stand_in.keys
    assert all(line["duplicate"] for line in repeated)
    assert {line["via"] for line in repeated} == {"http", "udp"}
    assert game.sender.counts["repeated"] == 20


def test_a_repeat_that_is_answered_with_another_key_is_told_to_the_log(
    run: Any, stand_in: Any, reply: Any
) -> None:
    def script(heard: Any) -> Any:
        return reply(body={"key": f"key {heard.nth}", "state": "stored", "duplicate": False})

    stand_in.script = script
    with run(duplicates=1.0) as game:
        game.tell(deeds(1), "http")

        assert game.sender.flush(LIMIT) == []
    assert game.log == ["frag m/1 had the key key 1 and now has key 2"]


@BOTH
def test_what_is_not_answered_in_time_is_named(
    run: Any, stand_in: Any, reply: Any, via: Via
) -> None:
    stand_in.script = lambda heard: reply(drop=True)
    with run() as game:
        game.tell(deeds(3), via)

        assert game.sender.flush(0.2) == deeds(3)
    assert game.lines("acknowledged") == []


def test_sending_does_not_wait_for_a_bridge_that_hangs(run: Any, stand_in: Any, reply: Any) -> None:
    hanging = threading.Event()
    stand_in.script = lambda heard: reply(wait=hanging)
    with run(timeout=LIMIT) as game:
        began = time.monotonic()
        game.tell(deeds(200)[:100], "http")
        game.tell(deeds(200)[100:], "udp")
        took = time.monotonic() - began
        stand_in.wait_for(lambda heard: heard)
        hanging.set()

        assert took < 2
        assert game.sender.flush(LIMIT) == []
    assert_all_acknowledged_once(game, stand_in, deeds(200))


def test_a_connection_that_hangs_is_given_up_and_the_call_made_again(
    run: Any, stand_in: Any, reply: Any
) -> None:
    hanging = threading.Event()
    stand_in.script = lambda heard: reply(wait=hanging if heard.nth == 1 else None)
    with run(timeout=0.1) as game:
        game.tell(deeds(4), "http")

        assert game.sender.flush(LIMIT) == []
        hanging.set()
    assert all(line["attempts"] >= 2 for line in game.lines("acknowledged"))


def test_an_answer_that_the_tally_could_not_take_is_remembered_as_trouble(stand_in: Any) -> None:
    bridge = Bridge(stand_in.http, stand_in.udp)
    with Tally(Path("/dev/full")) as tally, Sender(bridge, tally, Random(1)) as sender:
        sender.send(deeds(1)[0], "http")

        assert sender.flush(LIMIT) == []
    assert "No space left" in str(sender.tally_trouble)


def test_the_token_is_in_no_text_made_of_the_address() -> None:
    assert "secret" not in repr(Bridge(("h", 1), ("h", 2), "secret"))
