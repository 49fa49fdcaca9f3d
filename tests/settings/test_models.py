"""Every setting is documented where it is declared, and no section takes a name it doesn't know."""

from collections.abc import Iterator
from typing import get_args

import pytest
from pydantic import BaseModel

from bridge.settings.models import Settings
from bridge.settings.section import Section


def sections(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Yield `model` and every model below it."""
    yield model
    for field in model.model_fields.values():
        for kind in (field.annotation, *get_args(field.annotation)):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from sections(kind)


MODELS = list(dict.fromkeys(sections(Settings)))


def test_every_section_is_reached() -> None:
    assert set(MODELS) == {Settings, *Section.__subclasses__()}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_setting_has_a_description_that_is_a_sentence(model: type[BaseModel]) -> None:
    described = {name: field.description or "" for name, field in model.model_fields.items()}

    assert [name for name, text in described.items() if not text.endswith(".")] == []


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_section_is_documented_frozen_and_closed(model: type[BaseModel]) -> None:
    assert model.__doc__
    assert model.model_config.get("frozen")
    assert model.model_config.get("extra") == "forbid"
