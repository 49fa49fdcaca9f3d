"""Teaches campaign-bridge the games.log of id Tech 3 servers: OpenArena, Quake III Arena, mods."""

from collections.abc import Iterable

from bridge import AdapterSpec, hookimpl
from bridge_adapter_idtech3.adapter import IdTech3Adapter
from bridge_adapter_idtech3.arena import Arena
from bridge_adapter_idtech3.options import IdTech3Options

SPEC = AdapterSpec(
    "idtech3",
    "games.log of id Tech 3 servers (OpenArena, Quake III Arena)",
    IdTech3Adapter,
    options=IdTech3Options,
    memory=Arena,
    identity="client",
)


@hookimpl
def bridge_adapters() -> Iterable[AdapterSpec]:
    """Provide `idtech3`."""
    return [SPEC]
