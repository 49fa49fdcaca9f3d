"""Which adapters there are, which plugins failed, and how an adapter is built.

In: the settings' section and what is installed. Out: a `Registry`. Knows nothing of sources.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import field

from pydantic import ValidationError

from bridge.adapters.contract import Adapter, AdapterSpec, RememberingAdapter, silence_of
from bridge.adapters.dropins import dropped_in
from bridge.adapters.packages import installed
from bridge.adapters.places import placed
from bridge.adapters.plugins import Failure, Origin, Plugin, specs_of
from bridge.errors import (
    AdapterConflict,
    AdapterLoadError,
    AdapterNotFound,
    SettingsError,
)
from bridge.record import record
from bridge.settings.models import AdapterSettings
from bridge.settings.units import APP


@record
class Registered:
    """An adapter that came up, and where its code comes from."""

    spec: AdapterSpec
    origin: Origin


@record
class Registry:
    """The adapters that came up, by name, and the plugins that did not.

    `waiting` are plugins of our own that nobody has asked for yet: each is loaded when its one
    adapter, which has its name, is.
    """

    adapters: Mapping[str, Registered]
    failures: tuple[Failure, ...] = ()
    waiting: Mapping[str, Plugin] = field(default_factory=dict)
    _woken: dict[str, Registered] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def specs(self) -> Mapping[str, AdapterSpec]:
        """The specs by name, in the order of the names."""
        return {name: found.spec for name, found in self.adapters.items()}

    def spec(self, name: str) -> AdapterSpec:
        """Return the spec called `name`; raises `AdapterNotFound` with the nearest names."""
        return self._registered(name).spec

    def origin(self, name: str) -> Origin:
        """Return where `name` comes from; raises `AdapterNotFound`."""
        return self._registered(name).origin

    def build(self, name: str, options: Mapping[str, object]) -> Adapter:
        """Build the adapter called `name` for one source.

        Raises:
            AdapterNotFound: no plugin provides it; the message names what is near.
            SettingsError: `options` don't fit its model; the message names each bad option.
            AdapterLoadError: it can't be built from them.
        """
        found = self._registered(name)
        return build(found.spec, options, origin=str(found.origin))

    def require(self, names: Iterable[str]) -> None:
        """Make sure that all of `names` came up.

        Raises:
            AdapterLoadError: the plugin of that name failed; says which and why.
            AdapterNotFound: there is no such plugin.
        """
        for name in names:
            if name in self.adapters or name in self.waiting:
                self._registered(name)
                continue
            for failure in self.failures:
                if failure.plugin == name:
                    raise AdapterLoadError(
                        f"the required adapter {name!r} did not come up: "
                        f"{failure.where}: {failure.error}"
                    )
            raise self._not_found(name)

    def _registered(self, name: str) -> Registered:
        found = self.adapters.get(name) or self._woken.get(name)
        if found is None and name in self.waiting:
            found = self._woken[name] = _loaded(self.waiting[name])
        if found is None:
            raise self._not_found(name)
        return found

    def _not_found(self, name: str) -> AdapterNotFound:
        near = difflib.get_close_matches(name, [*self.adapters, *self.waiting], n=3)
        told = f"no adapter is called {name!r}"
        if near:
            told += f"; did you mean {' or '.join(repr(close) for close in near)}?"
        failed = ", ".join(failure.plugin for failure in self.failures)
        return AdapterNotFound(f"{told} (plugins that failed: {failed})" if failed else told)


def discover(settings: AdapterSettings, *, ours_later: bool = False) -> Registry:
    """Load every plugin, one by one, installed packages first, then the plugins folder.

    A plugin that fails is recorded in `Registry.failures` and harms no other. With `ours_later`
    the plugins that come with the bridge are loaded when their adapter is asked for: a daemon
    reads one or two engines, and each has hundreds of expressions.

    Raises:
        AdapterConflict: two plugins provide an adapter of the same name.
        AdapterLoadError: an adapter that the settings require did not come up.
        AdapterNotFound: nothing provides an adapter that the settings require.
    """
    plugins, waiting = [], {}
    for found in installed():
        if ours_later and isinstance(found, Plugin) and found.origin.place == APP:
            waiting[found.name] = found
        else:
            plugins.append(found)
    registry = gather([*plugins, *dropped_in(settings.plugins_dir)], waiting)
    registry.require(settings.required)
    return registry


def gather(
    found: Iterable[Plugin | Failure], waiting: Mapping[str, Plugin] | None = None
) -> Registry:
    """Ask each plugin for its adapters and lay them together; raises `AdapterConflict`."""
    waiting = waiting or {}
    adapters: dict[str, Registered] = {}
    failures: list[Failure] = []
    for plugin in found:
        specs = plugin if isinstance(plugin, Failure) else specs_of(plugin)
        if isinstance(specs, Failure):
            failures.append(specs)
        elif isinstance(plugin, Plugin):
            for spec in specs:
                new = Registered(spec, plugin.origin)
                _refuse_second(new, adapters.get(spec.name) or waiting.get(spec.name))
                adapters[spec.name] = new
    return Registry(dict(sorted(adapters.items())), tuple(failures), waiting)


def _refuse_second(new: Registered, other: Registered | Plugin | None) -> None:
    if other is not None:
        raise AdapterConflict(
            f"two plugins provide an adapter called {new.spec.name!r}: "
            f"{other.origin} and {new.origin}"
        )


def _loaded(plugin: Plugin) -> Registered:
    """Load a plugin of our own, which provides the one adapter of its name."""
    specs = specs_of(plugin)
    if isinstance(specs, Failure):
        raise AdapterLoadError(f"adapter {plugin.name!r} did not come up: {specs.error}")
    (spec,) = specs
    return Registered(spec, plugin.origin)


def build(spec: AdapterSpec, options: Mapping[str, object], *, origin: str = "") -> Adapter:
    """Build the adapter that `spec` announces; raises as `Registry.build` does."""
    try:
        valid = spec.options.model_validate(dict(options))
    except ValidationError as refused:
        raise SettingsError(_bad_options(spec, refused)) from refused
    whose = f"{spec.name} ({origin})" if origin else spec.name
    try:
        adapter = spec.adapter(valid)
    except (Exception, SystemExit) as failure:
        raise AdapterLoadError(
            f"adapter {whose} can't be built: {placed(failure, spec.adapter)}",
            hint=_how_to_build(spec, failure),
        ) from failure
    _refuse_misfit(whose, adapter, spec)
    return adapter


def _how_to_build(spec: AdapterSpec, failure: BaseException) -> str:
    """Name the option that the failure speaks of, else what there is to correct."""
    names = list(spec.options.model_fields)
    if not names:
        return "Its spec's `adapter` is called with one argument, the options: see `__init__`."
    told = str(failure)
    spoken = [name for name in names if name in told] or names
    return f"See the source's `options`: {', '.join(spoken)}."


def _refuse_misfit(whose: str, adapter: object, spec: AdapterSpec) -> None:
    if not isinstance(adapter, Adapter):
        raise AdapterLoadError(
            f"adapter {whose} is no subclass of bridge.Adapter",
            hint="Let the function that is its spec's `adapter` return one.",
        )
    if silence := silence_of(type(adapter)):
        raise AdapterLoadError(f"adapter {whose}: {silence}", hint="Correct the method's name.")
    if isinstance(adapter, RememberingAdapter) != (spec.memory is not None):
        raise AdapterLoadError(
            f"adapter {whose}: a RememberingAdapter, and only that, names a `memory` in its spec",
            hint="Set the spec's `memory` to the model of what it remembers, or derive from "
            "`Adapter`.",
        )


def _bad_options(spec: AdapterSpec, refused: ValidationError) -> str:
    lines = [f"the options of adapter {spec.name!r} can't be used:"]
    for error in refused.errors(include_url=False, include_input=False):
        place = ".".join(str(part) for part in error["loc"]) or "options"
        said = error["msg"].removeprefix("Value error, ")
        if error["type"] == "extra_forbidden":
            near = difflib.get_close_matches(str(error["loc"][-1]), spec.options.model_fields, n=1)
            said = "no such option" + (f"; did you mean {near[0]!r}?" if near else "")
        lines.append(f"  {place}: {said}")
    return "\n".join(lines)
