"""Teaches campaign-bridge the event log of DarkPlaces games: Xonotic and Nexuiz."""

from collections.abc import Iterable

from bridge import AdapterSpec, hookimpl
from bridge_adapter_darkplaces.adapter import DarkPlacesAdapter
from bridge_adapter_darkplaces.arena import Arena
from bridge_adapter_darkplaces.options import DarkPlacesOptions

SPEC = AdapterSpec(
    "darkplaces",
    "Event log of DarkPlaces games (Xonotic, Nexuiz)",
    DarkPlacesAdapter,
    options=DarkPlacesOptions,
    memory=Arena,
    identity="name",
)


@hookimpl
def bridge_adapters() -> Iterable[AdapterSpec]:
    """Provide `darkplaces`."""
    return [SPEC]
