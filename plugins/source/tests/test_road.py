"""From a server's post to payouts: whatever comes twice pays once."""

from datetime import UTC, datetime

from bridge_adapter_source import SPEC

from bridge.testing import FakeClock, Road

PAID = """
[[rules]]
match = "kill"
event_code = "KILL"
repeat = "per_id"
"""


def road() -> Road:
    return Road(SPEC, rules=PAID, clock=FakeClock(datetime(2026, 11, 23, 18, 5, tzinfo=UTC)))


def post(begin: int, *says: str) -> tuple[bytes, dict[str, str]]:
    lines = [f"11/23/2026 - 18:00:{begin % 60:02}.015 - {line}\n" for line in says]
    body = "".join(lines).encode()
    return body, {
        "x-server-instance-token": "7be6ded70c65df71",
        "x-logbytes-beginoffset": str(begin),
        "x-logbytes-endoffset": str(begin + len(body)),
    }


START = 'Loading map "de_mill"'
KILL = '"Ada<2><[U:1:1001]><CT>" killed "Cyd<3><[U:1:1200]><TERRORIST>" with "ak47"'


def test_a_post_that_is_sent_again_pays_once() -> None:
    paid = road()
    body, headers = post(0, START, KILL, KILL)

    assert len(paid.message(body, headers=headers)) == 2
    assert paid.message(body, headers=headers) == []


def test_the_same_kill_in_the_next_log_pays_again() -> None:
    paid = road()
    for second in (START, 'Loading map "de_two"'):
        body, headers = post(0, second, KILL)
        assert len(paid.message(body, headers=headers)) == 1


def test_datagrams_that_are_doubled_pay_once() -> None:
    paid = road()
    body = f"L 11/23/2026 - 18:00:00: {KILL}\n\0".encode()

    assert len(paid.message(body, peer="127.0.0.1:27015")) == 1
    assert paid.message(body, peer="127.0.0.1:27015") == []
