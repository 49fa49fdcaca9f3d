"""Plugins that are installed as Python packages.

In: what is installed. Out: one `Plugin` for each entry point of the group. Loads nothing itself.
"""

from collections.abc import Iterator
from importlib.metadata import Distribution, EntryPoint, distributions

from bridge.adapters.plugins import Failure, Origin, Plugin, reason

GROUP = "bridge.adapters"


def installed() -> Iterator[Plugin | Failure]:
    """Find the entry points of every installed package, in the order of package and name.

    A package whose metadata can't be read is a `Failure`; it spoils no other. A package that is
    there twice counts once, as Python would import it: the first on the path.
    """
    found: dict[str, tuple[Origin, list[EntryPoint]]] = {}
    for package in distributions():
        try:
            points = list(package.entry_points.select(group=GROUP))
            if points:
                origin = _origin(package)
                found.setdefault(_normal(origin.place), (origin, points))
        except Exception as failure:  # noqa: BLE001  # metadata is a stranger's file
            yield Failure("?", _path(package), reason(failure))
    for _, (origin, points) in sorted(found.items()):
        for point in sorted(points, key=lambda point: point.name):
            yield Plugin(point.name, origin, point.load)


def _origin(package: Distribution) -> Origin:
    name, version = package.metadata["Name"], package.metadata["Version"]
    return Origin(name or _path(package), version or "")


def _path(package: Distribution) -> str:
    return str(package.locate_file(""))


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
