"""What a body holds."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bridge.errors import (
    BridgeError,
    MessageRejected,
    MessageTooLarge,
    NotJson,
    UnsupportedBody,
)
from bridge.intake.bodies import (
    ARRAY_LIMIT,
    BODY_LIMIT,
    FORM,
    ITEM_LIMIT,
    _elements,
    _sure_elements,
    parsed,
    read_body,
    surely_object,
)

ITEM = b'{"player": "steam:1", "achievement": "first_blood"}'


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "text/plain;charset=UTF-8",
        FORM,
        "application/octet-stream",
        "",
        "multipart/form-data; boundary=x",
        "image/png",
        "complete nonsense",
        ";",
    ],
)
def test_an_object_is_one_item_whatever_it_is_called(content_type: str) -> None:
    body = read_body(ITEM, content_type)

    assert body.items == (ITEM,)
    assert not body.array


@pytest.mark.parametrize("around", [(b"\xef\xbb\xbf", b""), (b" \r\n\t", b"\n"), (b"", b"\n\0")])
def test_what_stands_around_an_object_does_not_count(around: tuple[bytes, bytes]) -> None:
    before, after = around

    assert read_body(before + ITEM + after).items == (ITEM,)


def test_the_items_of_an_array_are_the_bytes_as_they_came() -> None:
    items = ('{ "a" :1.50}', '{"ü":"\\u00fc",  "b":[1,{}]}', "{}")

    body = read_body(("[ " + " ,\n".join(items) + "\t] ").encode())

    assert body.array
    assert body.items == tuple(item.encode() for item in items)


def test_an_empty_array_has_no_items() -> None:
    body = read_body(b" [ ] ")

    assert body.array
    assert body.items == ()


def test_an_item_that_is_no_object_spoils_no_other() -> None:
    items = read_body(b'[1, {"a": 1}, "x", [{}], null, {"b": 2}]').items

    assert [i for i, item in enumerate(items) if isinstance(item, bytes)] == [1, 5]
    assert all(isinstance(items[i], MessageRejected) for i in (0, 2, 3, 4))


def test_an_item_with_a_number_that_json_lacks_spoils_no_other() -> None:
    items = read_body(b'[{"a": NaN}, {"a": "NaN"}, {"a": -Infinity}]').items

    assert [type(item) for item in items] == [NotJson, bytes, NotJson]


def test_a_large_item_spoils_no_other() -> None:
    large = b'{"a":"' + b"x" * ITEM_LIMIT + b'"}'

    items = read_body(b"[{}," + large + b"]").items

    assert items[0] == b"{}"
    assert isinstance(items[1], MessageTooLarge)
    assert "64 KiB" in str(items[1])


def test_the_limits_are_reached_but_not_passed() -> None:
    exact = b'{"a":"' + b"x" * (ITEM_LIMIT - 8) + b'"}'

    assert len(exact) == ITEM_LIMIT
    assert read_body(exact).items == (exact,)
    assert len(read_body(b"[" + b",".join([b"{}"] * ARRAY_LIMIT) + b"]").items) == ARRAY_LIMIT


@pytest.mark.parametrize(
    ("body", "limit"),
    [
        (b'{"a":"' + b"x" * ITEM_LIMIT + b'"}', "64 KiB"),
        (b"[" + b",".join([b"{}"] * (ARRAY_LIMIT + 1)) + b"]", "1000 items"),
        (b" " * (BODY_LIMIT + 1), "8 MiB"),
    ],
)
def test_what_is_too_large_is_told_the_limit(body: bytes, limit: str) -> None:
    with pytest.raises(MessageTooLarge, match=limit):
        read_body(body)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty"),
        (b"  \n\0", "empty"),
        (b'{"player": }', "line 1, column 12"),
        (b'{\n "player"\n}', "line 3, column 1"),
        (b'[{"a": 1} {"b": 2}]', "line 1, column 11: a comma"),
        (b'[{"a": 1},]', "line 1, column 11"),
        (b'[{"a": 1}', "comma or the array's end"),
        (b"[", "line 1, column 2"),
        (b'{"a": 1}\n{"b": 2}', "line 1, column 9: something follows"),
        (b"[]{}", "line 1, column 3: something follows"),
        (b'{"a": NaN}', "NaN is not a JSON number"),
        (b"first_blood", "line 1, column 1"),
        (b'{"a": "\xff"}', "not UTF-8 at byte 7"),
        ('{"player": "x"}'.encode("utf-16"), "not UTF-8"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": ' + b"1" * 5000 + b"}", "not JSON"),
    ],
)
def test_what_is_not_json_is_told_where(body: bytes, says: str) -> None:
    with pytest.raises(NotJson, match=says):
        read_body(body)


def test_json_of_another_kind_is_rejected_as_such() -> None:
    with pytest.raises(MessageRejected, match="neither an object nor an array") as rejected:
        read_body(b'"first_blood"', "application/json")

    assert not isinstance(rejected.value, NotJson)


@pytest.mark.parametrize(
    "content_type", ["multipart/form-data; boundary=x", "image/png", "application/xml"]
)
def test_an_upload_is_not_read(content_type: str) -> None:
    with pytest.raises(UnsupportedBody, match=content_type.split(";", maxsplit=1)[0]):
        read_body(b"--x\r\n", content_type)


def test_a_form_is_one_item() -> None:
    body = read_body(b"player=steam%3A1&achievement=first_blood", FORM)

    assert not body.array
    assert [json.loads(item) for item in body.items if isinstance(item, bytes)] == [
        {"player": "steam:1", "achievement": "first_blood"}
    ]


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
OBJECTS = st.dictionaries(st.text(), SCALARS | st.lists(SCALARS, max_size=3), max_size=5)


@given(st.lists(OBJECTS, max_size=5))
def test_every_array_comes_apart_into_its_items(values: list[dict[str, object]]) -> None:
    body = read_body(json.dumps(values, indent=1).encode())

    assert [json.loads(item) for item in body.items if isinstance(item, bytes)] == values


@given(
    st.binary()
    | st.text().map(str.encode)
    | st.text(alphabet='{}[]",:\\ \n\0e1-nul').map(str.encode),
    st.sampled_from(["", "application/json", FORM, "image/png"]) | st.text(),
)
def test_whatever_comes_is_read_or_refused(body: bytes, content_type: str) -> None:
    try:
        items = read_body(body, content_type).items
    except BridgeError:
        return

    assert all(isinstance(item, bytes | BridgeError) for item in items)
    assert all(isinstance(json.loads(item), dict) for item in items if isinstance(item, bytes))


# -- the fast way is the general one --------------------------------------------------------

_LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
_JSON = st.recursive(
    _LEAF,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


@st.composite
def _texts(draw: st.DrawFn) -> str:
    """Draw JSON text in any spelling, sometimes damaged."""
    value = draw(_JSON | st.lists(st.dictionaries(st.text(max_size=4), _JSON), max_size=4))
    separators = draw(st.sampled_from([(",", ":"), (" , ", " : "), (",\n", ":\t")]))
    text = json.dumps(value, ensure_ascii=draw(st.booleans()), separators=separators)
    if draw(st.booleans()):
        at = draw(st.integers(0, len(text)))
        odd = draw(st.sampled_from(["", '"', "\\", "\\x", "{", "]", ",", "0", "\x00", "NaN", "//"]))
        text = text[:at] + odd + text[at + draw(st.integers(0, 2)) :]
    return text


@settings(deadline=None, max_examples=500)
@given(_texts())
@example('{"a": "\\ud800"}')
@example("[" * 60 + "]" * 60)
@example('{"a": 1e999, "b": -0, "c": 123456789012345678901234567890}')
def test_what_is_surely_an_object_is_one(text: str) -> None:
    body = text.encode("utf-8", "replace")
    if surely_object(body):
        assert isinstance(parsed(body.decode()), dict)


@settings(deadline=None, max_examples=500)
@given(_texts())
@example(' [ {"a": "\\u00fc"} , {} ] ')
@example("[{}]x")
@example("[{},]")
@example("[{} {}]")
@example('[{"a": NaN}]')
def test_what_are_surely_items_are_those(text: str) -> None:
    body = text.strip().encode("utf-8", "replace")
    items = _sure_elements(body)
    if items:
        assert items == tuple(_elements(body.decode()))


@pytest.mark.parametrize(
    "text",
    ['{"a": ' + "[" * 200 + "]" * 200 + "}", f'{{"a": {"9" * 4096}}}', '{"a"', "[]", '{"a": NaN}'],
)
def test_what_is_in_doubt_is_looked_at_closer(text: str) -> None:
    assert not surely_object(text.encode())
    assert _sure_elements(f"[{text}]".encode()) == ()


def test_plain_bodies_are_sure() -> None:
    assert surely_object(ITEM)
    assert _sure_elements(b"[" + ITEM + b"]") == (ITEM,)
    assert _sure_elements(b"[" + b",".join([ITEM] * 1001) + b"]") == ()
