"""JSON goes out exactly and comes in tolerantly."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.sandbox.answers import Refused, encoded, json_object

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@settings(max_examples=50, deadline=None)
@given(JSON)
def test_what_is_encoded_reads_back_as_it_was(value: object) -> None:
    assert json.loads(encoded(value)) == value  # type: ignore[arg-type]  # made of JSON's types


def test_a_decimal_goes_out_as_a_number_with_every_digit() -> None:
    text = encoded({"a": Decimal("999999999999.000001"), "b": [Decimal("1E-6")]})

    assert text == '{"a":999999999999.000001,"b":[0.000001]}'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no",
        b"[]",
        b'"a"',
        b'{"a": NaN}',
        b'{"a": 1e99999999999999999999}',
        b"\xff\xfe",
        b"[" * 200_000,
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_body_that_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        json_object(body)

    assert refused.value.answer.status == 400


def test_an_optional_body_may_be_empty() -> None:
    assert json_object(b" \n", optional=True) == {}
