"""The rows of `campaign-bridge adapters list`.

In: a registry. Out: one row for each adapter that came up and each plugin that did not. Knows
nothing of how they are printed.
"""

from typing import Literal

from bridge.adapters.registry import Registry
from bridge.record import record


@record
class Row:
    """An adapter or a failed plugin; `reason` says why where `status` is failed."""

    name: str
    status: Literal["ok", "failed"]
    origin: str
    version: str
    description: str
    reason: str = ""


def rows(registry: Registry) -> list[Row]:
    """List the adapters by name, then the failures in the order they happened."""
    came_up = [
        Row(name, "ok", found.origin.place, found.origin.version, found.spec.description)
        for name, found in registry.adapters.items()
    ]
    failed = [
        Row(failure.plugin, "failed", failure.where, "", "", failure.error)
        for failure in registry.failures
    ]
    return came_up + failed
