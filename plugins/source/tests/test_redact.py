"""Receipts keep the lines that tell a deed, and nothing else of a message."""

from datetime import UTC, datetime

from bridge_adapter_source import SPEC

from bridge import RawMessage

KILL = b'L 11/23/2026 - 18:00:00: "Ada<2><[U:1:1001]><CT>" killed "Hal<4><BOT><T>" with "ak47"'
SECRETS = [
    b'L 11/23/2026 - 18:00:00: rcon from "192.0.2.1:5": command "rcon_password hidden"',
    b'L 11/23/2026 - 18:00:00: Rcon: "rcon 123 "hidden" status" from "192.0.2.1:5"',
    b'L 11/23/2026 - 18:00:00: Bad Rcon: "rcon 123 "hidden"" from "192.0.2.1:5"',
    b'L 11/23/2026 - 18:00:00: "rcon_password" = "hidden"',
    b'L 11/23/2026 - 18:00:00: server_cvar: "sv_password" "hidden"',
    b'L 11/23/2026 - 18:00:00: rcon from "192.0.2.1:5": command "logaddress_add_http "http://x/?token=hidden""',
    b'L 11/23/2026 - 18:00:00: "Ada<2><[U:1:1001]><CT>" say "my password is hidden"',
    b'L 11/23/2026 - 18:00:00: "Ada<2><[U:1:1001]><CT>" say "!link ABCD-EFGH"',
    b'L 11/23/2026 - 18:00:00: "Ada<2><[U:1:1001]><>" connected, address "192.0.2.7:27005"',
    b"hidden",
    b'L 11/23/2026 - 18:00:00: rcon from "192.0.2.1:5": command "hidden"' + KILL[24:],
]


def kept(*lines: bytes) -> bytes:
    adapter = SPEC.adapter(SPEC.options())
    return adapter.redact(RawMessage("fps", b"\n".join(lines), datetime(2026, 1, 1, tzinfo=UTC)))


def test_a_deed_is_kept_as_it_is() -> None:
    assert kept(KILL) == KILL


def test_of_many_lines_only_deeds_are_kept() -> None:
    assert kept(*SECRETS, KILL, *SECRETS) == KILL


def test_what_the_server_tells_of_itself_is_not_kept() -> None:
    for line in SECRETS:
        assert kept(line) == b""


def test_an_event_carries_its_own_line(reader) -> None:
    (event,) = reader.datagram(b"\n".join([SECRETS[0], KILL, SECRETS[1]]))

    assert event.excerpt == KILL
