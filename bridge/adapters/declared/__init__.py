"""Adapters without Python: a TOML file with named regular expressions maps lines to events.

In: the file. Out: the `AdapterSpec` that it declares, or an error that names table and key. Knows
nothing of where such files are searched for.
"""

from bridge.adapters.declared.file import declared

__all__ = ["declared"]
