"""What a form sends, and the sentences for what is wrong."""

import pytest
from pydantic import ValidationError

from bridge.look.forms import Form
from bridge.sandbox.api.shapes import NewLink
from bridge.sandbox.hosted.forms import NO_EMAIL, problems
from bridge.sandbox.oracle.shapes import CampaignToBe

EVENT = {"code": "EARN5", "name": "Earn five", "payoutAmount": "5"}


def wrong(**values: object) -> dict[str, str]:
    with pytest.raises(ValidationError) as found:
        CampaignToBe.model_validate({"name": "A", "environment": "test", **values})
    return problems(found.value, {"payoutAmount": "An amount, please."})


def test_a_field_is_found_by_its_name_once_and_often() -> None:
    form = Form([("a", "1"), ("b", ""), ("a", "2")])

    assert (form.one("a"), form.one("b"), form.one("c")) == ("1", "", "")
    assert form.all("a") == ["1", "2"]
    assert (form.has("b"), form.has("c")) == (True, False)


def test_what_is_empty_is_to_be_filled_in() -> None:
    assert wrong(name="", events=[EVENT]) == {"name": "Fill this in."}
    assert wrong(events=[{**EVENT, "payoutAmount": ""}]) == {
        "events.0.payoutAmount": "Fill this in."
    }


def test_what_is_wrong_is_said_in_the_words_of_its_field() -> None:
    assert wrong(events=[EVENT, {**EVENT, "code": "b", "payoutAmount": "x"}]) == {
        "events.1.payoutAmount": "An amount, please."
    }


def test_what_is_too_long_says_how_long_it_may_be() -> None:
    assert wrong(name="N" * 201, events=[EVENT]) == {"name": "At most 200 characters."}


def test_a_sentence_of_ours_is_a_sentence() -> None:
    assert wrong(events=[EVENT, EVENT]) == {"events": "Two events have the same code."}


def test_nothing_that_was_typed_stands_in_a_sentence() -> None:
    with pytest.raises(ValidationError) as found:
        NewLink(email="<b>secret")

    assert problems(found.value, {"email": NO_EMAIL}) == {"email": NO_EMAIL}
    assert "secret" not in str(problems(found.value, {}))
