"""One plugin: where it comes from, what it provides, and in one line why it doesn't.

In: something that can be loaded. Out: its specs, or a `Failure`. Knows nothing of where plugins
are searched for.
"""

import inspect
from collections.abc import Callable, Iterable
from itertools import islice

import pluggy

from bridge.adapters import hookspecs
from bridge.adapters.contract import AdapterSpec
from bridge.errors import AdapterLoadError, BridgeError
from bridge.record import record

_LONGEST_LINE = 300
#: Longest text of an error of our own: it may name several places.
_LONGEST_OWN = 1000
_MOST_SPECS = 1000


@record
class Origin:
    """Where an adapter's code comes from: a package and its version, or a file and its digest."""

    place: str
    version: str

    def __str__(self) -> str:
        """Return both, for people."""
        return f"{self.place} {self.version}".strip()


@record
class Failure:
    """A plugin that did not come up: its name, where it lies, and why, in one line."""

    plugin: str
    where: str
    error: str


@record
class Plugin:
    """A plugin that was found; `load` runs its code and returns the object with the hook."""

    name: str
    origin: Origin
    load: Callable[[], object]


def specs_of(plugin: Plugin) -> tuple[AdapterSpec, ...] | Failure:
    """Load `plugin` and ask it for its adapters; whatever it does wrong becomes a `Failure`.

    All its adapters come up or none.
    """
    try:
        return _ask(plugin)
    except (Exception, SystemExit) as failure:  # noqa: BLE001  # a stranger's code: anything goes
        return Failure(plugin.name, str(plugin.origin), reason(failure))


def _ask(plugin: Plugin) -> tuple[AdapterSpec, ...]:
    # A manager for each plugin: in a shared one, the first that raises would silence the rest.
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(plugin.load(), plugin.name)
    manager.check_pending()
    if not manager.hook.bridge_adapters.get_hookimpls():
        raise AdapterLoadError("it has no function bridge_adapters marked with @hookimpl")
    answers = manager.hook.bridge_adapters()
    if not answers:  # pluggy leaves out a None
        raise AdapterLoadError("bridge_adapters returned None, not a list of specs")
    return tuple(spec for given in answers for spec in _checked(given))


def _checked(given: object) -> tuple[AdapterSpec, ...]:
    if inspect.iscoroutine(given):
        given.close()
        raise AdapterLoadError("bridge_adapters must be a plain function, not async")
    if not isinstance(given, Iterable):
        raise AdapterLoadError(
            f"bridge_adapters returned a {type(given).__name__}, not a list of specs"
        )
    specs = tuple(islice(given, _MOST_SPECS + 1))
    if len(specs) > _MOST_SPECS:
        raise AdapterLoadError(f"bridge_adapters returned more than {_MOST_SPECS} specs")
    for spec in specs:
        if not isinstance(spec, AdapterSpec):
            raise AdapterLoadError(
                f"bridge_adapters returned a {type(spec).__name__}, not an AdapterSpec"
            )
    names = [spec.name for spec in specs]
    if len(set(names)) < len(names):
        raise AdapterLoadError("bridge_adapters returned two specs of the same name")
    return specs


def reason(failure: BaseException) -> str:
    """Say in one line of printable text what `failure` was."""
    text, longest = " ".join(str(failure).split()), _LONGEST_OWN
    if not isinstance(failure, BridgeError):
        text, longest = f"{type(failure).__name__}: {text}".removesuffix(": "), _LONGEST_LINE
    text = "".join(char if char.isprintable() else "?" for char in text)
    return text if len(text) <= longest else f"{text[:longest]}…"
