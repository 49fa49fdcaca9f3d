"""The JSON adapter: each bad field named by its pointer, all at once, and never a crash."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bridge import GameEvent, MessageRejected, RawMessage
from bridge.adapters.builtin import JsonAdapter, bridge_adapters
from bridge.adapters.details import problems_of
from bridge.errors import NotJson

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
GOOD: dict[str, Any] = {"player": "steam:76561198000000001", "achievement": "first_blood"}


def say(body: bytes) -> GameEvent:
    (event,) = JsonAdapter().translate(RawMessage("", body, NOW))
    return event


def said(**more: Any) -> GameEvent:
    return say(json.dumps({**GOOD, **more}).encode())


def problems(body: bytes) -> dict[str, str]:
    with pytest.raises(MessageRejected) as refused:
        say(body)
    return {problem.pointer: problem.detail for problem in refused.value.fields}


def raw(field: str) -> bytes:
    return b'{"player": "name:A", "achievement": "x", ' + field.encode() + b"}"


def test_a_full_message_becomes_an_event() -> None:
    event = said(id="match-42/17", occurred_at="2026-11-23T19:00:00+01:00", details={"round": 3})

    assert event == GameEvent(
        "steam:76561198000000001", "first_blood", "match-42/17", NOW, {"round": 3}
    )


def test_what_is_optional_may_be_left_out_or_null() -> None:
    least = GameEvent("steam:76561198000000001", "first_blood")

    assert said() == least
    assert said(id=None, occurred_at=None, details=None) == least


def test_fields_of_the_door_are_passed_over() -> None:
    assert said(ack=True, token="hunter2") == said()


def test_a_byte_order_mark_is_passed_over() -> None:
    assert say(b"\xef\xbb\xbf" + json.dumps(GOOD).encode()) == said()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("17", "17"),
        ("17.0", "17"),
        ("1.7e1", "17"),
        ("-0.0", "0"),
        ("-4", "-4"),
        ("9007199254740992", "9007199254740992"),
        ('"017"', "017"),
        ('"  x "', "  x "),
    ],
)
def test_an_id_is_text_or_a_whole_number(written: str, meant: str) -> None:
    assert say(raw(f'"id": {written}')).id == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-11-23T18:00:00Z", NOW),
        ("2026-11-23t18:00:00z", NOW),
        ("2026-11-23 18:00:00-00:00", NOW),
        ("2026-11-23T12:30:00-05:30", NOW),
        ("2026-11-23T18:00:00.5Z", NOW + timedelta(milliseconds=500)),
        ("2026-11-23T18:00:00.123456789Z", NOW + timedelta(microseconds=123456)),
    ],
)
def test_moments_are_read_as_rfc_3339_writes_them(written: str, meant: datetime) -> None:
    moment = said(occurred_at=written).occurred_at

    assert moment == meant
    assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    ("field", "pointer", "detail"),
    [
        ('"player": 76561198000000001', "/player", "send ids as text: a number above 2^53"),
        ('"player": true', "/player", "must be text"),
        ('"player": null', "/player", "must be text"),
        ('"player": ""', "/player", "must not be empty"),
        ('"player": "  "', "/player", "only white space"),
        ('"player": "Alice"', "/player", 'must be "namespace:id"'),
        ('"player": ":x"', "/player", 'must be "namespace:id"'),
        ('"player": "name:"', "/player", 'must be "namespace:id"'),
        ('"player": "name: "', "/player", 'must be "namespace:id"'),
        ('"player": "name:A\\u0000"', "/player", "it holds U+0000"),
        ('"player": "name:\\ud800"', "/player", "half a character"),
        (f'"player": "name:{"x" * 200}"', "/player", "has 205 characters; at most 200"),
        ('"achievement": 7', "/achievement", "must be text"),
        ('"achievement": ""', "/achievement", "must not be empty"),
        ('"achievement": "\\u3000"', "/achievement", "only white space"),
        ('"achievement": "a\\nb"', "/achievement", "it holds U+000A"),
        ('"achievement": "a\\u0085b"', "/achievement", "it holds U+0085"),
        (f'"achievement": "{"x" * 201}"', "/achievement", "has 201 characters"),
        ('"id": ""', "/id", "must not be empty"),
        ('"id": " "', "/id", "only white space"),
        ('"id": "a\\u0007"', "/id", "it holds U+0007"),
        ('"id": 1.5', "/id", "must be text or a whole number"),
        ('"id": NaN', "/id", "must be text or a whole number"),
        ('"id": 1e999', "/id", "must be text or a whole number"),
        ('"id": true', "/id", "must be text or a whole number"),
        ('"id": [1]', "/id", "must be text or a whole number"),
        ('"id": 9007199254740993', "/id", "already lost digits"),
        ('"id": -9007199254740993', "/id", "already lost digits"),
        ('"id": 1e300', "/id", "already lost digits"),
        ('"occurred_at": "2026-11-23T18:00:00"', "/occurred_at", "add Z"),
        ('"occurred_at": 1795411667', "/occurred_at", "not a number of seconds"),
        ('"occurred_at": ""', "/occurred_at", "RFC 3339"),
        ('"occurred_at": "yesterday"', "/occurred_at", "RFC 3339"),
        ('"occurred_at": "2026-11-23"', "/occurred_at", "RFC 3339"),
        ('"occurred_at": "٢٠٢٦-11-23T18:00:00Z"', "/occurred_at", "RFC 3339"),
        ('"occurred_at": "2026-02-30T18:00:00Z"', "/occurred_at", "no date and time that exists"),
        ('"occurred_at": "2026-11-23T18:00:61Z"', "/occurred_at", "no date and time that exists"),
        ('"occurred_at": "2026-11-23T18:00:00+99:00"', "/occurred_at", "no date and time"),
        ('"occurred_at": "0001-01-01T00:00:00+14:00"', "/occurred_at", "no date and time"),
        ('"details": []', "/details", "must be an object"),
        ('"details": "x"', "/details", "must be an object"),
        ('"details": {"x": NaN}', "/details/x", "must be a finite number"),
        ('"details": {"a/b": [1, {"~": -1e999}]}', "/details/a~1b/1/~0", "must be a finite"),
        ('"details": {"x": "\\udc00"}', "/details/x", "half a character"),
        ('"details": {"x": {"\\udc00": 1}}', "/details/x", "a name that is no text"),
        (f'"details": {{"x": "{"é" * 9000}"}}', "/details", "at most 16,384"),
        ('"occured_at": "x"', "/occured_at", "no such field; did you mean 'occurred_at'?"),
        ('"xyz/": 1', "/xyz~1", "no such field; what else there is to say goes into 'details'"),
    ],
)
def test_a_bad_field_is_named_by_its_pointer(field: str, pointer: str, detail: str) -> None:
    found = problems(raw(field))

    assert list(found) == [pointer]
    assert detail in found[pointer]


def test_all_bad_fields_are_named_at_once() -> None:
    found = problems(b'{"player": 7, "id": false, "details": {"x": NaN, "y": NaN}, "plyer": 1}')

    assert list(found) == ["/player", "/achievement", "/id", "/details/x", "/details/y", "/plyer"]


def test_words_that_only_look_endless_are_fine() -> None:
    assert said(details={"NaN": "Infinity"}).details == {"NaN": "Infinity"}


def test_a_flood_of_bad_fields_is_cut_short() -> None:
    body = json.dumps({**GOOD, **{f"field{number}": 1 for number in range(5000)}}).encode()

    assert len(problems(body)) == 20


def test_a_flood_of_bad_details_is_cut_short() -> None:
    body = raw(f'"details": {{"x": [{",".join(["NaN"] * 4000)}]}}')

    assert len(problems(body)) == 20


def test_a_name_of_any_length_is_answered_in_short() -> None:
    found = problems(raw(f'"{"x" * 60_000}": 1'))

    assert len(next(iter(found))) < 110


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"hello", "is not JSON"),
        (b'{"player": "name:A"', "is not JSON"),
        (b'{"player": "name:\xff"}', "is not JSON"),
        (b'{"player": "\\ud8', "is not JSON"),
        (json.dumps(GOOD).encode() + b"x", "is not JSON"),
        (json.dumps(GOOD).encode("utf-16"), "looks like UTF-16"),
        (b"[" * 100_000, "recursion"),
        (b'{"details": ' + b'{"a":' * 5000 + b"1" + b"}" * 5001, "recursion"),
        (b'{"id": ' + b"9" * 5000 + b"}", "is not JSON"),
        (b"[]", "not an object"),
        (b"null", "not an object"),
        (b'"text"', "not an object"),
        (b"\xef\xbb\xbf\xef\xbb\xbf{}", "is not JSON"),
    ],
)
def test_what_is_no_json_object_says_so(body: bytes, detail: str) -> None:
    with pytest.raises(NotJson, match=detail):
        say(body)


def test_of_a_field_that_stands_twice_the_last_counts() -> None:
    assert say(raw('"achievement": "y"')).name == "y"


def test_the_secret_is_in_no_error() -> None:
    with pytest.raises(MessageRejected) as refused:
        say(b'{"token": "hunter2", "player": 7}')

    assert "hunter2" not in f"{refused.value} {refused.value.fields} {refused.value.__cause__}"


# -- what a receipt keeps -------------------------------------------------------------------


def kept(body: bytes) -> bytes:
    return JsonAdapter().redact(RawMessage("", body, NOW))


@pytest.mark.parametrize(
    "body",
    [
        b'{"player":"name:A","token":"hunter2","achievement":"x"}',
        b'{"player":"name:A","achievement":"x", "token" : {"a": "hunter2"} }',
        b'{"player":"name:A","achievement":"x","tok\\u0065n":"hunter2"}',
        b'{"token":"hunter2","player":"name:A","achievement":"x","token":"hunter2"}',
        b'\xef\xbb\xbf{"player":"name:A","achievement":"x","token":"hunter2"}',
    ],
)
def test_a_token_is_taken_out_however_it_is_written(body: bytes) -> None:
    assert json.loads(kept(body)) == {"player": "name:A", "achievement": "x"}


@pytest.mark.parametrize(
    "body", [b'{ "player": "name:A" }', b'{"details": {"token": 1.0}}', b'{"a": "\\u00e9"}', b"hi"]
)
def test_a_body_without_a_token_is_kept_as_it_came(body: bytes) -> None:
    assert kept(body) == body


@pytest.mark.parametrize("body", [b'{"token":"hunter2"', b'["token"]', b'"token"' + b"[" * 100_000])
def test_a_body_that_can_not_be_read_but_may_hold_a_token_is_not_kept(body: bytes) -> None:
    assert kept(body) == b""


# -- anything at all ------------------------------------------------------------------------

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_FIELDS = ["player", "achievement", "id", "occurred_at", "details", "token", "ack", "x"]
_MESSAGES = st.dictionaries(st.sampled_from(_FIELDS), _JSON).map(lambda it: json.dumps(it).encode())


def _event_or_rejection(body: bytes) -> GameEvent | MessageRejected:
    try:
        return say(body)
    except MessageRejected as refused:
        return refused


def _hold_good(body: bytes) -> None:
    """Whatever came of `body` can be stored or answered."""
    outcome = _event_or_rejection(body)
    if isinstance(outcome, MessageRejected):
        told = [str(outcome), *(f"{each.pointer} {each.detail}" for each in outcome.fields)]

        assert all(text.isascii() or text.encode() for text in told)
        assert isinstance(outcome, NotJson) or outcome.fields
    else:
        assert f"{outcome.player}{outcome.name}{outcome.id or 0}".encode()
        assert problems_of(outcome.details) == []
        assert "token" not in json.loads(kept(body))


@settings(deadline=None)
@given(st.binary())
@example(b'{"player":"a:b","achievement":"\xed\xa0\x80"}')
def test_any_bytes_are_an_event_or_refused(body: bytes) -> None:
    _hold_good(body)


@settings(deadline=None)
@given(_MESSAGES)
def test_any_json_is_an_event_or_refused(body: bytes) -> None:
    _hold_good(body)


@settings(deadline=None)
@given(
    st.text(min_size=1, max_size=300), st.text(max_size=300) | st.floats() | st.integers(), _JSON
)
def test_anything_in_good_form_is_an_event_or_refused(name: str, id_: Any, more: Any) -> None:
    body = {"player": f"name:{name}", "achievement": name, "id": id_, "details": {"x": more}}
    _hold_good(json.dumps(body).encode())


@settings(deadline=None)
@given(st.integers(-(2**53), 2**53))
def test_a_number_is_the_same_id_written_either_way(number: int) -> None:
    assert say(raw(f'"id": {number}')).id == str(number)
    assert say(raw(f'"id": {float(number)!r}')).id == str(number)


def test_the_plugin_provides_json_and_nothing_else() -> None:
    (spec,) = bridge_adapters()

    assert (spec.name, spec.status, spec.memory) == ("json", 202, None)
