"""What is loaded late, or not at all: a daemon that starts pays only for what it runs.

In: names of modules. Out: modules that are imported when something of them is first asked for.
This is the one place for it; an import inside a function hides what a module needs. What is loaded
late stands at the top of a file like any import, so that the direction of imports is checked:

```python
if TYPE_CHECKING:
    from bridge.adapters import declared
else:
    declared = later("bridge.adapters.declared")
```
"""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any


class _Later(ModuleType):
    """Stands for a module of the same name."""

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self.__name__), name)


def later(name: str) -> ModuleType:
    """Return what stands for the module `name`: importing it waits until something is asked of it.

    For what most daemons never need: optional rooms, pictures, tables on a terminal.
    """
    return _Later(name)


@contextmanager
def uncollected() -> Iterator[None]:
    """Import what is imported inside while the garbage collector rests.

    What is loaded stays; looking through it over and over takes a seventh of the time.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@contextmanager
def without(name: str) -> Iterator[None]:
    """Import what is imported inside as if the package `name` were not installed.

    For a library that loads another one for a service of which we make no use. Where that one is
    loaded already, nothing changes.
    """
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # Python's own word for "not to be had"
    try:
        yield
    finally:
        del sys.modules[name]
