"""The files of a new adapter's package, made from the template beside this module.

In: a name, an identity, a folder. Out: the files, by their paths. Overwrites nothing.
"""

from collections.abc import Iterator, Mapping
from importlib.resources import files as resources
from importlib.resources.abc import Traversable
from pathlib import Path

from bridge.errors import CommandError
from bridge.events import Identity
from bridge.record import record


@record
class _Players:
    """How the template's engine names players: in the log, as a pattern, and for the bridge."""

    first: str
    second: str
    pattern: str
    namespace: str


_PLAYERS: Mapping[Identity, _Players] = {
    "platform": _Players("76561198000000001", "76561198000000002", "[0-9]{17}", "steam"),
    "client": _Players("A1" * 16, "B2" * 16, "[0-9A-F]{32}", "guid"),
    "name": _Players("Zoë", "AWARD first_blood Bob", '[^"]{1,64}', "name"),
}
_TEMPLATE = ".txt"  # so that no tool takes a template for what it will be


def files(name: str, identity: Identity) -> dict[str, str]:
    """Return the text of each file of the package, by its path within the folder."""
    players = _PLAYERS[identity]
    words = {
        "@name@": name,
        "@Class@": "".join(part.capitalize() for part in name.split("_")),
        "@dashed@": name.replace("_", "-"),
        "@identity@": identity,
        "@trust@": "" if identity == "platform" else f'trust = "{identity}"\n',
        "@first@": players.first,
        "@second@": players.second,
        "@pattern@": players.pattern,
        "@namespace@": players.namespace,
    }
    return {
        _filled(
            path.removesuffix(_TEMPLATE).replace("package/", "bridge_adapter_@name@/"), words
        ): (_filled(text, words))
        for path, text in _read(resources(__package__) / "template", "")
    }


def write(name: str, identity: Identity, folder: Path) -> list[Path]:
    """Write the package into `folder`/`name` and return its files.

    Raises:
        CommandError: something is there already, or it can't be written.
    """
    target = folder / name
    written = []
    try:
        target.mkdir(parents=True)
        for path, text in sorted(files(name, identity).items()):
            file = target / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            written.append(file)
    except FileExistsError:
        raise CommandError(
            f"{target} is there already", hint="Remove it, or choose another name or --dir."
        ) from None
    except OSError as failure:
        raise CommandError(
            f"{target} can't be written: {failure.strerror}",
            hint="Name a folder that you may write to, with --dir.",
        ) from failure
    return written


def _read(folder: Traversable, inside: str) -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _read(entry, f"{inside}{entry.name}/")
        elif entry.name.endswith(_TEMPLATE):
            yield f"{inside}{entry.name}", entry.read_text(encoding="utf-8")


def _filled(text: str, words: Mapping[str, str]) -> str:
    for mark, word in words.items():
        text = text.replace(mark, word)
    return text
