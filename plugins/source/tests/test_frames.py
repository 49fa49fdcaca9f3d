"""Datagrams lose their frame and show their secret."""

import pytest
from bridge_adapter_source import SPEC

from bridge import Unwrapped

LINE = b'L 11/23/2026 - 18:00:00: "Ada<2><[U:1:1001]><CT>" triggered "achievement_win"\n\0'


@pytest.mark.parametrize(
    ("datagram", "unwrapped"),
    [
        (b"\xff\xff\xff\xffR" + LINE, Unwrapped(LINE)),
        (b"\xff\xff\xff\xffS4711" + LINE, Unwrapped(LINE, "4711")),
        (b"\xff\xff\xff\xfflog " + LINE, Unwrapped(LINE)),
        (b"\xff\xff\xff\xfflog " + LINE[2:], Unwrapped(LINE[2:])),
        (LINE, Unwrapped(LINE)),
        (b"", Unwrapped(b"")),
        (b"\xff\xff\xff\xffTSource", Unwrapped(b"\xff\xff\xff\xffTSource")),
        (b"\xff\xff\xff\xffS4711", Unwrapped(b"\xff\xff\xff\xffS4711")),
    ],
)
def test_the_frame_is_taken_off(datagram: bytes, unwrapped: Unwrapped) -> None:
    assert SPEC.unwrap is not None
    assert SPEC.unwrap(datagram) == unwrapped


def test_a_secret_ends_where_the_first_line_begins() -> None:
    line = b'L 11/23/2026 - 18:00:00: "L <2><[U:1:1001]><CT>" say "L "\n\0'

    assert SPEC.unwrap is not None
    assert SPEC.unwrap(b"\xff\xff\xff\xffSkey" + line) == Unwrapped(line, "key")


def test_a_datagram_gives_its_event_with_an_id(reader) -> None:
    (event,) = reader.datagram(LINE)
    (again,) = reader.datagram(LINE)

    assert event == again
    assert event.id


def test_a_datagram_of_several_lines_gives_all_of_them(reader) -> None:
    torn = b'L 11/23/2026 - 18:00:01: "Ada<2><[U:1:1001]><CT>" triggered "achievem\n'
    other = LINE.replace(b"Ada<2><[U:1:1001]>", b"Cyd<3><[U:1:1200]>")
    events = reader.datagram(LINE[:-1] + torn + other)

    assert [event.player for event in events] == [
        "steam:76561197960266729",
        "steam:76561197960266928",
    ]
    assert reader.figures["damaged"] == 1


def test_senders_have_matches_of_their_own(reader) -> None:
    reader.datagram(b'L 11/23/2026 - 18:00:00: Loading map "de_one"\n\0', "192.0.2.1:27015")
    reader.datagram(b'L 11/23/2026 - 18:00:09: Loading map "de_two"\n\0', "192.0.2.2:27015")
    (event,) = reader.datagram(LINE, "192.0.2.1:27015")

    assert event.details["map"] == "de_one"
