"""Teaches campaign-bridge the log of a made-up arena game; copy this folder to begin your own."""

from collections.abc import Iterable

from bridge import AdapterSpec, hookimpl
from bridge_adapter_example.adapter import ArenaAdapter, ArenaOptions

SPEC = AdapterSpec("example", "Log of a made-up arena game", ArenaAdapter, options=ArenaOptions)


@hookimpl
def bridge_adapters() -> Iterable[AdapterSpec]:
    """Provide `example`."""
    return [SPEC]
