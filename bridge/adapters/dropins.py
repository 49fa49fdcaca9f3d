"""Plugins that were dropped into a folder: `*.py` files, packages, and `*.toml` declarations.

In: the folder. Out: one `Plugin` for each, or a `Failure` where running it would be reckless.
Knows nothing of what they provide.
"""

import hashlib
import importlib.machinery
import importlib.util
import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import CodeType, ModuleType
from typing import TYPE_CHECKING

from bridge.adapters.contract import AdapterSpec
from bridge.adapters.hookspecs import hookimpl
from bridge.adapters.plugins import Failure, Origin, Plugin, reason
from bridge.errors import AdapterLoadError
from bridge.loading import later

if TYPE_CHECKING:
    from bridge.adapters import declared
else:
    declared = later("bridge.adapters.declared")


def dropped_in(folder: Path | None) -> Iterator[Plugin | Failure]:
    """Find the plugins in `folder`, in the order of their names; a missing folder holds none.

    Names that begin with `_` or `.` are passed over. Code that others than its owner and root
    could change is refused: it would run with the operator's money.
    """
    if folder is None or not os.path.lexists(folder):
        return
    try:
        _refuse_exposed(folder.resolve(strict=True))
        _refuse_exposed_above(folder)
        paths = sorted(path for path in folder.iterdir() if _is_plugin(path))
    except (OSError, AdapterLoadError) as failure:
        yield Failure(folder.name, str(folder), reason(failure))
        return
    for path in paths:
        yield _found(path)


def _is_plugin(path: Path) -> bool:
    if path.name.startswith(("_", ".")):
        return False
    return path.suffix in {".py", ".toml"} or (path / "__init__.py").exists()


def _found(path: Path) -> Plugin | Failure:
    try:
        sources = _sources(path)
        digest = hashlib.sha256(b"\0".join(source.read_bytes() for source in sources))
    except (OSError, AdapterLoadError) as failure:
        return Failure(path.stem, str(path), reason(failure))
    origin = Origin(str(path), f"sha256:{digest.hexdigest()[:12]}")
    load = _declaration if path.suffix == ".toml" else _load
    return Plugin(path.stem, origin, lambda: load(path))


def _sources(path: Path) -> list[Path]:
    """Return the source files of the plugin at `path`, after a look at who could change them."""
    real = path.resolve(strict=True)
    inside = sorted(real.rglob("*")) if real.is_dir() else []
    for part in (real, *inside):
        if part.is_symlink():
            raise AdapterLoadError(f"{part} is a symbolic link; put the file itself there")
        _refuse_exposed(part)
    _refuse_exposed_above(path)
    found = [part for part in (real, *inside) if part.suffix == ".py" and part.is_file()]
    return [real] if path.suffix == ".toml" else found


# -- who could change it --------------------------------------------------------------------


def _refuse_exposed(path: Path) -> None:
    """Raise `AdapterLoadError` where more than the owner, root or our own group may write."""
    if os.name != "posix":
        return  # elsewhere the mode says nothing; access lists would have to be asked
    found = path.stat()
    if found.st_mode & stat.S_IWOTH:
        raise _exposed("any user of this machine", "o-w", path)
    if found.st_mode & stat.S_IWGRP and found.st_gid not in {0, os.getegid()}:
        raise _exposed(f"the group with id {found.st_gid}", "g-w", path)


def _refuse_exposed_above(path: Path) -> None:
    """Raise `AdapterLoadError` where anybody could put something else in the place of `path`.

    In a sticky folder such as /tmp nobody can touch what another owns.
    """
    if os.name != "posix":
        return
    for above in {*path.absolute().parents, *path.resolve().parents}:
        mode = above.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            raise _exposed("any user of this machine", "o-w", above)


def _exposed(who: str, mode: str, path: Path) -> AdapterLoadError:
    return AdapterLoadError(
        f"{who} could change {path}, and it would run with your money; run: chmod {mode} {path}"
    )


# -- running it -----------------------------------------------------------------------------


def _load(path: Path) -> ModuleType:
    """Run the plugin at `path` as a module that no import statement can name by accident."""
    file = path / "__init__.py" if path.is_dir() else path
    name = _module_name(path)
    spec = importlib.util.spec_from_file_location(
        name,
        file,
        loader=_SourceOnly(name, str(file)),
        submodule_search_locations=[str(path)] if path.is_dir() else None,
    )
    if spec is None or spec.loader is None:
        raise AdapterLoadError(f"{file} can't be loaded as Python")
    module = importlib.util.module_from_spec(spec)
    _forget(name)
    sys.modules[name] = module  # dataclasses and pydantic look their module up there
    try:
        spec.loader.exec_module(module)
    except BaseException:
        _forget(name)
        raise
    return module


class _SourceOnly(importlib.machinery.SourceFileLoader):
    """Compiles the file as it is now: an edit within a second must not run the code before it."""

    def get_code(self, fullname: str) -> CodeType:
        """Compile the source of `fullname`, without the cache beside it."""
        return self.source_to_code(self.get_data(self.path), self.path)


class _Declared:
    """The plugin that a TOML file is."""

    def __init__(self, spec: AdapterSpec) -> None:
        self._spec = spec

    @hookimpl
    def bridge_adapters(self) -> Iterable[AdapterSpec]:
        """Provide the one adapter that the file declares."""
        return [self._spec]


def _declaration(path: Path) -> _Declared:
    return _Declared(declared.declared(path, path.read_bytes()))


def _module_name(path: Path) -> str:
    readable = re.sub(r"\W", "_", path.stem)
    return f"campaign_bridge_dropin_{readable}_{hashlib.sha256(bytes(path)).hexdigest()[:8]}"


def _forget(name: str) -> None:
    """Drop the module and its submodules, so that a second reading sees the files as they are."""
    for known in [key for key in sys.modules if key == name or key.startswith(f"{name}.")]:
        del sys.modules[known]
