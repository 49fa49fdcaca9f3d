"""The one hook through which every adapter comes in, our own included.

In: nothing. Out: the hook's specification and the marker for implementing it. Knows nothing of
who implements it.
"""

from collections.abc import Iterable

import pluggy

from bridge.adapters.contract import AdapterSpec

PROJECT = "bridge"

hookspec = pluggy.HookspecMarker(PROJECT)
#: Marks a plugin's function as the implementation of a hook.
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def bridge_adapters() -> Iterable[AdapterSpec]:
    """Return the adapters this plugin provides.

    Called once, at start-up, after the settings are read and before any source is opened; it
    must not do I/O. An adapter that the settings do not name is never built. Where this raises,
    or returns anything but specs, the plugin is left out and `campaign-bridge adapters list`
    says why; the other plugins come up.

    Returns:
        One `AdapterSpec` for each game engine the plugin speaks for. Names are lower_snake_case
        and unique across plugins; a clash stops the daemon with `AdapterConflict`, which names
        both plugins.

    Example:
        >>> from bridge import Adapter, AdapterSpec, hookimpl
        >>> class UnrealAdapter(Adapter):
        ...     def translate(self, message):
        ...         return []
        >>> @hookimpl
        ... def bridge_adapters():
        ...     return [AdapterSpec("unreal", "Unreal Engine logs", UnrealAdapter)]

    .. versionadded:: 0.1
    """
    return ()
