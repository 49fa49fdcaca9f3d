"""Teaches campaign-bridge the log of a Freeciv server that has loaded `ach.lua`."""

from collections.abc import Iterable

from bridge import AdapterSpec, hookimpl
from bridge_adapter_freeciv.adapter import FreecivAdapter, FreecivOptions

SPEC = AdapterSpec(
    "freeciv",
    "Achievements in the log of a Freeciv server",
    FreecivAdapter,
    options=FreecivOptions,
    identity="name",
)


@hookimpl
def bridge_adapters() -> Iterable[AdapterSpec]:
    """Provide `freeciv`."""
    return [SPEC]
