"""Whatever players are called and whatever becomes of the log: no false payout, no exception."""

from pathlib import Path

from bridge_adapter_example import SPEC

from bridge.testing import Road, damaged, hostile_bytes

LOG = (Path(__file__).parent / "samples" / "match.in").read_bytes().splitlines()
AWARD = LOG[2]
# Who gained what in that log, and in which round.
FIRST = ("steam:76561198000000001", "first_blood")
TRUE = {FIRST, ("steam:76561198000000002", "flawless_round")}
ROUNDS = {"first_blood": 3, "flawless_round": 4}


def road(name: str = "*", played: int | None = None) -> Road:
    """Begin anew and pay for every event that is called so, of that round."""
    where = {} if played is None else {"round": played}
    return Road(SPEC, rules=[{"match": name, "where": where, "repeat": "always"}])


def test_a_nick_or_a_chat_that_imitates_an_award_earns_nothing() -> None:
    heard = road()
    for said in hostile_bytes(1000, lines=[AWARD]):
        quoted = said.replace(b'"', b'\\"')
        lines = [
            b'[2026-11-23T18:00:00Z] JOIN player=steam:76561198000000003 nick="' + quoted + b'"',
            b'[2026-11-23T18:00:00Z] CHAT from="' + quoted + b'" text="gg"',
            b'[2026-11-23T18:00:00Z] CHAT from="Zoe" text="' + quoted + b'"',
        ]

        assert heard.lines(lines) == []
    assert heard.failures == []


def test_a_damaged_log_gives_no_award_that_it_does_not_tell_of() -> None:
    for lines in damaged(LOG, count=100):
        heard = road()
        told = {(payout.player, payout.event_code) for payout in heard.lines(lines)}

        assert told <= TRUE
        assert AWARD not in lines or FIRST in told
        assert heard.failures == []


def test_no_line_that_is_cut_off_gives_another_round() -> None:
    for name, played in ROUNDS.items():
        (line,) = [line for line in LOG if name.encode() in line]
        cuts = [line[:length] for length in range(len(line))]

        assert road().lines(cuts) == []
        assert len(road(name, played).lines([line])) == 1
