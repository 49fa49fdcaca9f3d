"""Pieces of configuration files.

In: nothing. Out: text, and the kind of function that reads it. Knows nothing of what is tested.
"""

from collections.abc import Callable

import pytest

from bridge.errors import SettingsError
from bridge.settings.models import Settings

#: Reads settings from a configuration file of this text.
Load = Callable[[str], Settings]

CAMPAIGN = '[[campaigns]]\nid = "camp_1"\nenvironment = "test"\napi_key_file = "key"\n'


def complaint(load: Load, text: str) -> str:
    """Return what is said of a configuration that can't be used."""
    with pytest.raises(SettingsError) as refused:
        load(text)
    assert refused.value.hint
    return str(refused.value)
