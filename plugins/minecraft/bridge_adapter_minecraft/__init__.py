"""Teaches campaign-bridge Minecraft Java: the server's log and the world's advancement files."""

from collections.abc import Iterable

from bridge import AdapterSpec, hookimpl
from bridge_adapter_minecraft.adapter import MinecraftAdapter
from bridge_adapter_minecraft.memory import MinecraftMemory
from bridge_adapter_minecraft.options import MinecraftOptions

SPEC = AdapterSpec(
    "minecraft",
    "Minecraft Java: latest.log and world/advancements/<uuid>.json",
    MinecraftAdapter,
    options=MinecraftOptions,
    memory=MinecraftMemory,
    identity="platform",
)


@hookimpl
def bridge_adapters() -> Iterable[AdapterSpec]:
    """Provide `minecraft`."""
    return [SPEC]
