"""The family of errors: drawn, named and explained."""

import inspect
import re
from collections.abc import Iterator

import pytest

from bridge import errors
from bridge.errors import BridgeError, CampaignError, FieldProblem, MessageRejected, SettingsError


def family(root: type[BridgeError]) -> Iterator[type[BridgeError]]:
    """Yield `root` and its descendants, in the order in which they are declared."""
    yield root
    for child in root.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from family(child)


FAMILY = list(family(BridgeError))


def drawing(cls: type[BridgeError], before: str = "") -> Iterator[str]:
    """Draw what is below `cls`."""
    children = [child for child in cls.__subclasses__() if child.__module__ == errors.__name__]
    for child in children:
        last = child is children[-1]
        yield f"{before}{'└── ' if last else '├── '}{child.__name__}"
        yield from drawing(child, before + ("    " if last else "│   "))


def test_the_drawing_is_the_family() -> None:
    drawn = (errors.__doc__ or "").partition("\n\nBridgeError\n")[2]

    assert drawn.splitlines() == list(drawing(BridgeError))


def test_every_exception_of_the_module_is_of_the_family() -> None:
    classes = [cls for _, cls in inspect.getmembers(errors, inspect.isclass)]
    exceptions = {cls for cls in classes if issubclass(cls, BaseException)}

    assert exceptions == set(FAMILY)


@pytest.mark.parametrize("cls", FAMILY)
def test_the_default_message_is_a_sentence_and_the_first_line_of_the_docstring(
    cls: type[BridgeError],
) -> None:
    message = str(cls())

    assert message == (cls.__doc__ or "").splitlines()[0]
    assert re.fullmatch(r"[A-Z].*[^.]\.", message)
    assert cls.__doc__ != (cls.__mro__[1].__doc__)


@pytest.mark.parametrize("cls", FAMILY)
def test_a_code_is_lower_case_with_dashes(cls: type[BridgeError]) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", cls.code)


def test_codes_are_unique() -> None:
    assert len({cls.code for cls in FAMILY}) == len(FAMILY)


@pytest.mark.parametrize("cls", [cls for cls in FAMILY if not cls.__subclasses__()])
def test_every_error_that_has_no_closer_kind_says_what_to_do_next(cls: type[BridgeError]) -> None:
    assert re.fullmatch(r"[A-Z].*[^.]\.", cls.hint)


@pytest.mark.parametrize("cls", FAMILY)
def test_a_message_and_a_hint_stand_above_the_defaults(cls: type[BridgeError]) -> None:
    error = cls("what happened", hint="what to do")

    assert (str(error), error.hint) == ("what happened", "what to do")
    assert cls("other").hint == cls.hint


def test_a_hint_may_be_taken_away() -> None:
    assert not SettingsError(hint="").hint


def test_a_rejected_message_carries_its_bad_fields() -> None:
    fields = [FieldProblem("/player", "is missing"), FieldProblem("/id", "is too long")]

    assert MessageRejected(fields=fields).fields == tuple(fields)
    assert MessageRejected().fields == ()


def test_a_campaign_error_says_of_what_kind_it_is() -> None:
    assert CampaignError().reason == "unexpected_answer"
    assert CampaignError(reason="key_refused").reason == "key_refused"
    assert CampaignError(hint="").hint == CampaignError.hint
