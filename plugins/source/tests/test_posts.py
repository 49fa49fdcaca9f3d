"""A Counter-Strike 2 server posts at least once: each deed counts once, and gaps are shown."""

import random
from collections.abc import Iterator

import pytest

from bridge import GameEvent

TOKEN = "7be6ded70c65df71"  # noqa: S105  # names a server, opens nothing
ADA = "steam:76561197960266729"


class Log:
    """What a server would post: its log, whose offsets start anew with each map."""

    def __init__(self, token: str = TOKEN) -> None:
        self.token = token
        self.end = 0
        self.tick = 0

    def start(self, name: str = "de_mill") -> str:
        self.end = 0
        return self.written(f'Loading map "{name}"')

    def written(self, says: str) -> str:
        self.tick += 1
        minute, second = divmod(self.tick, 60)
        return f"11/23/2026 - 18:{minute:02}:{second:02}.015 - {says}\n"

    def kill(self) -> str:
        return self.written('"Ada<2><[U:1:1001]><CT>" killed "Hal<4><BOT><T>" with "ak47"')

    def post(self, *lines: str) -> tuple[bytes, dict[str, str]]:
        body = "".join(lines).encode()
        begin, self.end = self.end, self.end + len(body)
        return body, {
            "x-logbytes-beginoffset": str(begin),
            "x-logbytes-endoffset": str(self.end),
            "x-server-instance-token": self.token,
            "x-game-map": "de_mill",
            "content-type": "text/plain",
        }


@pytest.fixture
def log() -> Log:
    return Log()


def ids(events: list[GameEvent]) -> list[str | None]:
    return [event.id for event in events]


def test_each_line_has_an_id_made_of_its_offset(reader, log) -> None:
    events = reader.post(*log.post(log.start(), log.kill(), log.kill()))

    assert [event.player for event in events] == [ADA, ADA]
    assert [event.id.rpartition(":")[0] for event in events] == [f"{TOKEN}:0:50", f"{TOKEN}:0:139"]


def test_a_resend_gives_the_same_events(reader, log) -> None:
    reader.post(*log.post(log.start()))
    post = log.post(log.kill(), log.kill())

    assert reader.post(*post) == reader.post(*post)
    assert reader.figures["resends"] == 1
    assert (reader.figures["gaps"], reader.figures["restarts"]) == (0, 0)


def test_a_resend_after_the_next_map_gives_the_same_events(reader, log) -> None:
    post = log.post(log.start("de_one"), log.kill())
    first = reader.post(*post)
    reader.post(*log.post(log.start("de_two"), log.kill()))

    assert reader.post(*post) == first
    assert reader.post(*log.post(log.kill()))[0].details["map"] == "de_two"
    assert reader.figures["restarts"] == 1


def test_a_resend_that_has_grown_gives_the_old_ids_and_the_new(reader, log) -> None:
    reader.post(*log.post(log.start()))
    one, two = log.kill(), log.kill()
    before = log.end
    first = reader.post(*log.post(one))
    log.end = before
    grown = reader.post(*log.post(one, two))

    assert grown[:1] == first
    assert len(set(ids(grown))) == 2
    assert reader.figures == {
        "servers": 1, "gaps": 0, "gap_bytes": 0, "resends": 1, "restarts": 0, "late": 0,
        "damaged": 0,
    }  # fmt: skip


def test_a_new_log_at_offset_0_gives_new_ids(reader, log) -> None:
    first = reader.post(*log.post(log.start(), log.kill()))
    second = reader.post(*log.post(log.start(), log.kill()))

    assert len(set(ids(first + second))) == 2
    assert first[0].details["match"] != second[0].details["match"]
    assert (reader.figures["restarts"], reader.figures["gaps"]) == (1, 0)


def test_two_logs_that_begin_with_the_same_line_are_two(reader, log) -> None:
    start = log.start()
    first = reader.post(*log.post(start, log.kill()))
    log.end = 0
    second = reader.post(*log.post(start, log.kill()))

    assert len(set(ids(first + second))) == 2
    assert reader.figures["restarts"] == 1


def test_a_gap_is_counted_with_its_bytes(reader, log) -> None:
    reader.post(*log.post(log.start()))
    lost = log.post(log.kill(), log.kill())
    reader.post(*log.post(log.kill()))

    assert (reader.figures["gaps"], reader.figures["gap_bytes"]) == (1, len(lost[0]))


def test_the_lost_beginning_of_a_new_log_is_a_gap(reader, log) -> None:
    reader.post(*log.post(log.start(), log.kill(), log.kill()))
    lost = log.post(log.start())
    (event,) = reader.post(*log.post(log.kill()))

    assert reader.figures["restarts"] == 1
    assert (reader.figures["gaps"], reader.figures["gap_bytes"]) == (1, len(lost[0]))
    assert event.id.startswith(f"{TOKEN}:1:")


def test_what_came_before_the_bridge_is_no_gap(reader, log) -> None:
    log.post(log.start(), log.kill())
    events = reader.post(*log.post(log.kill()))

    assert len(events) == 1
    assert reader.figures["gaps"] == 0


def test_a_post_that_comes_late_counts_and_is_no_new_log(reader, log) -> None:
    reader.post(*log.post(log.start()))
    late = log.post(log.kill())
    reader.post(*log.post(log.kill()))
    events = reader.post(*late)

    assert len(events) == 1
    assert (reader.figures["late"], reader.figures["restarts"]) == (1, 0)


def test_two_servers_are_kept_apart(reader, log) -> None:
    other = Log("0123456789abcdef")
    reader.post(*log.post(log.start("de_one")))
    reader.post(*other.post(other.start("de_two"), other.kill()))
    (event,) = reader.post(*log.post(log.kill()))

    assert event.details["map"] == "de_one"
    assert (reader.figures["servers"], reader.figures["gaps"]) == (2, 0)


def test_a_damaged_line_spoils_no_other_of_its_post(reader, log) -> None:
    torn = log.written('"Ada<2><[U:1:1001]><CT>" killed "Hal<4><BOT><T>" wit')
    events = reader.post(*log.post(log.kill(), torn, log.kill()))

    assert len(events) == 2
    assert reader.figures["damaged"] == 1


def test_a_post_of_one_damaged_line_is_taken_so_that_the_server_goes_on(reader, log) -> None:
    assert reader.post(*log.post(log.written('"Ada<2><[U:1:1001]><CT>" killed "Ha'))) == []
    assert reader.figures["damaged"] == 1


def test_a_body_that_was_shortened_moves_on_as_its_headers_say(reader, log) -> None:
    body, headers = log.post(log.start(), log.kill())
    reader.post(body[:60], headers)
    reader.post(*log.post(log.kill()))

    assert reader.figures["gaps"] == 0


def test_without_offsets_the_line_itself_names_the_deed(reader, log) -> None:
    body, _ = log.post(log.kill())

    assert ids(reader.post(body, {"content-type": "text/plain"})) == ids(reader.post(body, {}))


@pytest.mark.parametrize("begin", ["", "-1", "x", "1e3", "\u0663", "9" * 40])
def test_odd_offsets_are_no_offsets(reader, log, begin) -> None:
    body, headers = log.post(log.kill())
    events = reader.post(body, {**headers, "x-logbytes-beginoffset": begin})

    assert len(events) == 1
    assert ":" not in events[0].id


def test_memory_stays_small_however_many_tokens_come(reader) -> None:
    for number in range(200):
        other = Log(f"{number:016x}")
        reader.post(*other.post(other.start(), other.kill()))

    assert reader.figures["servers"] == 32
    assert len(reader.memory.model_dump_json()) < 64_000


def test_each_kill_counts_once_whatever_the_network_does(reader) -> None:
    chance = random.Random(5)  # noqa: S311
    log, paid, written, lost = Log(), set(), 0, 0
    for body, headers, kills in _posts(log, chance):
        if headers["x-logbytes-beginoffset"] != "0" and chance.random() < 0.1:
            lost += kills
            continue
        written += kills
        for _ in range(chance.choice((1, 1, 1, 2, 5))):
            events = reader.post(body, headers)
            assert len(events) == kills
            paid.update(ids(events))

    assert written > 500
    assert lost > 50
    assert len(paid) == written
    assert reader.figures["late"] == 0
    assert reader.figures["gaps"] > 20


def _posts(log: Log, chance: random.Random) -> Iterator[tuple[bytes, dict[str, str], int]]:
    for _ in range(400):
        begins = log.tick == 0 or chance.random() < 0.1
        start = [log.start()] if begins else []
        kills = chance.randrange(1, 5)
        yield *log.post(*start, *(log.kill() for _ in range(kills))), kills
