"""Messages sent as forms."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import MessageRejected
from bridge.intake.forms import FIELDS_LIMIT, form_item


def item(text: str) -> Any:
    return json.loads(form_item(text))


def test_each_field_is_text_as_it_was_written() -> None:
    assert item("player=steam%3A1&achievement=a+b&id=17&occurred_at=2026-11-23T12%3A00%3A00Z") == {
        "player": "steam:1",
        "achievement": "a b",
        "id": "17",
        "occurred_at": "2026-11-23T12:00:00Z",
    }


def test_details_come_as_json_or_one_by_one() -> None:
    text = urlencode({"details": '{"map": 1}', "details[kills]": "3", "details.a.b": "x"})

    assert item(text) == {"details": {"map": 1, "kills": "3", "a.b": "x"}}


def test_an_empty_field_stays_for_the_adapter_to_judge() -> None:
    assert item("player=&whatever=1") == {"player": "", "whatever": "1"}


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ("player=a&player=b", "/player"),
        ("details=nonsense", "/details"),
        ("details=[1]", "/details"),
        ("details[a/b]=1&details.a/b=2", "/details/a~1b"),
    ],
)
def test_a_bad_field_is_pointed_at(text: str, pointer: str) -> None:
    with pytest.raises(MessageRejected) as rejected:
        form_item(text)

    assert [field.pointer for field in rejected.value.fields] == [pointer]


@pytest.mark.parametrize("text", ["first_blood", "a=%ff", "&".join(["a=1"] * (FIELDS_LIMIT + 1))])
def test_what_is_no_form_is_rejected(text: str) -> None:
    with pytest.raises(MessageRejected):
        form_item(text)


NAMES = st.text(min_size=1).filter(lambda name: not name.startswith("details"))


@given(st.dictionaries(NAMES, st.text(), min_size=1, max_size=10))
def test_every_form_comes_through_whole(fields: dict[str, str]) -> None:
    assert item(urlencode(fields, errors="surrogatepass")) == fields


@given(st.text())
def test_whatever_comes_is_read_or_rejected(text: str) -> None:
    try:
        read = item(text)
    except MessageRejected:
        return

    assert isinstance(read, dict)
