"""Pieces of configuration files.

In: nothing. Out: text, and the kind of function that reads it. Knows nothing of what is tested.
"""

from collections.abc import Callable

from bridge.settings.models import Settings

#: Reads settings from a configuration file of this text.
Load = Callable[[str], Settings]

CAMPAIGN = '[[campaigns]]\nid = "camp_1"\nenvironment = "test"\napi_key_file = "key"\n'
