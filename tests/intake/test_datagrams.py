"""What one datagram says."""

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.intake.datagrams import Datagram, Unreadable, read_any, read_datagram

PLAIN = b'{"player": "steam:1",  "achievement": "first_blood"}'


def read(data: bytes) -> Datagram:
    datagram = read_datagram(data)
    assert isinstance(datagram, Datagram), datagram
    return datagram


def test_a_plain_message_is_kept_as_it_came() -> None:
    assert read(PLAIN) == Datagram(PLAIN, token=None, id=None, ack=False)


@pytest.mark.parametrize("after", [b"\n", b"\0", b"\r\n\0", b" \n\n"])
def test_what_c_programs_put_at_the_end_does_not_count(after: bytes) -> None:
    assert read(PLAIN + after).body == PLAIN


def test_token_and_ack_are_taken_out() -> None:
    data = b'{"player":"a:1","token":"s3cr3t","ack":true,"id":"m/1","details":{"token":"kept"}}'
    datagram = read(data)

    assert datagram.token == "s3cr3t"
    assert datagram.ack is True
    assert datagram.id == "m/1"
    assert json.loads(datagram.body) == {
        "player": "a:1",
        "id": "m/1",
        "details": {"token": "kept"},
    }
    assert b"s3cr3t" not in datagram.body


def test_of_a_member_given_twice_the_last_one_counts() -> None:
    datagram = read(b'{"token":"x","id":"1","token":"y","id":"2"}')

    assert datagram.token == "y"
    assert json.loads(datagram.body) == {"id": "2"}


@pytest.mark.parametrize(
    ("token", "read_as"), [("null", None), ("17", ""), ('["x"]', ""), ('""', "")]
)
def test_a_token_that_is_no_text_is_nobodys(token: str, read_as: str | None) -> None:
    assert read(b'{"token": %s}' % token.encode()).token == read_as


@pytest.mark.parametrize(
    ("own", "repeated"),
    [
        ('"m/1"', "m/1"),
        ("17", 17),
        ("17.0", 17.0),
        ("true", None),
        ("null", None),
        ("[1]", None),
        ("1e999", None),
    ],
)
def test_an_id_is_a_text_or_a_number(own: str, repeated: object) -> None:
    assert read(b'{"id": %s}' % own.encode()).id == repeated


@pytest.mark.parametrize("ack", ["false", "1", '"true"', "null"])
def test_only_true_asks_for_an_answer(ack: str) -> None:
    assert not read(b'{"ack": %s}' % ack.encode()).ack


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Unreadable.EMPTY),
        (b"\n\0", Unreadable.EMPTY),
        (b"[" + PLAIN + b"]", Unreadable.NOT_AN_OBJECT),
        (b'"first_blood"', Unreadable.NOT_AN_OBJECT),
        (b"first_blood", Unreadable.NOT_JSON),
        (PLAIN + PLAIN, Unreadable.NOT_JSON),
        (b'{"a": NaN}', Unreadable.NOT_JSON),
        (b'{"a":' * 12_000, Unreadable.NOT_JSON),
        (b'{"a": 1e999, "ack": false}', Unreadable.NOT_JSON),
        (PLAIN.decode().encode("utf-16"), Unreadable.UTF_16),
        (PLAIN.decode().encode("utf-16-le"), Unreadable.UTF_16),
        (PLAIN.decode().encode("utf-16-be"), Unreadable.UTF_16),
        (struct.pack("<III", 18, 1, 4) + PLAIN, Unreadable.VARIANT),
        (struct.pack("<II", 4, len(PLAIN)) + PLAIN, Unreadable.VARIANT),
        (b"\x89PNG\r\n\x1a\n", Unreadable.BINARY),
        (b'{"a"\0:1}', Unreadable.BINARY),
        (b'{"a": "' + b"x" * 65_536 + b'"}', Unreadable.TOO_LARGE),
    ],
)
def test_what_cannot_be_read_has_a_reason_and_a_hint(data: bytes, reason: Unreadable) -> None:
    assert read_datagram(data) is reason
    assert reason.hint


def test_a_large_datagram_is_read() -> None:
    data = b'{"a": "' + b"x" * 60_000 + b'"}'

    assert read(data).body == data


@given(st.binary() | st.text(alphabet='{}[]",:\\ \n\0e1-nultokeackid').map(str.encode))
def test_whatever_comes_is_read_or_has_a_reason(data: bytes) -> None:
    assert isinstance(read_datagram(data), Datagram | Unreadable)


MEMBERS = st.sampled_from(["token", "ack", "id", "player", "x"])
VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just([{"a": 1}])


@given(st.dictionaries(MEMBERS, VALUES))
def test_what_is_handed_on_never_holds_a_token(members: dict[str, object]) -> None:
    datagram = read_datagram(json.dumps(members).encode())

    if isinstance(datagram, Datagram):
        assert "token" not in json.loads(datagram.body)
        assert json.dumps(datagram.id, allow_nan=False)


# -- the fast way ---------------------------------------------------------------------------

_MEMBERS = st.sampled_from(["player", "achievement", "token", "ack", "id", "details", "x"])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_MEMBERS, inner, max_size=3),
    max_leaves=6,
)
#: Numbers as others write them, and what is none.
_ODD = st.sampled_from(
    ["1E5", "-0", "-0.0", "1e400", "1e16", "0.1e-7", "01", "NaN", "1.", "9" * 40]
)


@st.composite
def odd_objects(draw: st.DrawFn) -> bytes:
    """Objects with members twice, spaces, odd numbers and trailing bytes."""
    pairs = draw(st.lists(st.tuples(_MEMBERS, _VALUES.map(json.dumps) | _ODD), max_size=6))
    colon, comma = draw(st.sampled_from([(":", ","), (": ", ", "), (" :\n", "\t,")]))
    text = "{" + comma.join(f'"{name}"{colon}{value}' for name, value in pairs) + "}"
    after = draw(st.sampled_from([b"", b"\n", b"\0", b"}", b" \r\n\0"]))
    return text.encode(errors="surrogatepass") + after


@given(
    odd_objects()
    | st.binary(max_size=60)
    | _VALUES.map(
        lambda value: json.dumps(value, ensure_ascii=False).encode(errors="surrogatepass")
    )
)
def test_the_fast_way_says_what_the_general_one_says(data: bytes) -> None:
    assert repr(read_datagram(data)) == repr(read_any(data))


def test_a_plain_datagram_takes_the_fast_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.intake.datagrams.read_any", None)
    data = b'{"player":"steam:1","id":"1","details":{"a":0.42},"token":"t","ack":true}'

    assert read(data).body == data.replace(b',"token":"t","ack":true', b"")
    assert read(PLAIN + b"\n").body == PLAIN
