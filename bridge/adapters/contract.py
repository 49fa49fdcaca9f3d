"""What an adapter is: the contract between the bridge and the people who teach it an engine.

In: nothing. Out: `Adapter`, `RememberingAdapter` and the `AdapterSpec` that announces one. Knows
nothing of how plugins are found, nor of what becomes of the events.

An adapter's life:

1. `bridge_adapters()` of its plugin returns its `AdapterSpec`; nothing is built yet.
2. A source of the settings names it: the source's options are validated by `AdapterSpec.options`.
3. `AdapterSpec.adapter(options)` builds one instance for that source. Building does no I/O.
4. Each message of the source is given to it, one at a time, in order.
5. What it returned is committed; only then what it remembered becomes its memory.
6. There is no closing: an adapter owns nothing that would need it.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from bridge.errors import AdapterLoadError
from bridge.events import GameEvent, Identity, RawMessage

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


class Adapter:
    """Turns one message into game events. Implement only the methods you care about.

    An adapter is pure: what it returns depends on its options and its arguments alone. It opens
    no file and no socket, does not sleep, and asks no clock: `message.received_at` is the time.
    """

    def __init__(self, options: BaseModel | None = None) -> None:
        """Keep what `options` (an instance of `AdapterSpec.options`) say; the default forgets."""

    def translate(self, message: RawMessage) -> Iterable[GameEvent]:
        """Return the game events that `message` tells of, in order; none for idle talk.

        `message.body` is one line without its line end where the source is a file, one datagram
        over UDP, one body over HTTP, the whole of `message.file` where that is a state file. It
        may hold anything: an odd message is no reason to fail. The same message may come again
        and must give the same events.

        Raises:
            MessageRejected: the message speaks of an event but can't be used; nothing of it is.
                Its `fields` say where and why. Any other exception is a `TranslationError`: the
                message is kept aside and the next one is taken.
        """
        return ()

    def redact(self, message: RawMessage) -> bytes:
        """Return the bytes of `message` that may be kept in a receipt: no password, no token.

        Called only for a message that made an event. The default is the body as it came. Where
        this raises, nothing is kept.
        """
        return message.body


Memory = TypeVar("Memory", bound=BaseModel)


class RememberingAdapter(Adapter, Generic[Memory]):
    """An adapter that must remember: slot 3 is Alice, the match is number 17.

    Implement `translate_with` instead of `translate`, and name the model of the memory in
    `AdapterSpec.memory`. Keep nothing on `self`: it would survive a message that was not stored.
    """

    def translate_with(self, message: RawMessage, memory: Memory) -> Iterable[GameEvent]:
        """Return the events of `message`; note what is to be remembered by changing `memory`.

        `memory` is a deep copy, yours until you return (a generator: until it is exhausted). It
        replaces the memory when the events are on disk, in the same transaction; where this
        raises or the disk refuses, the copy is thrown away and the old memory stays. It is
        written as JSON after a change and read again after a restart, so put only values in it
        that survive that, and give new fields a default: old memories lack them.

        Raises:
            MessageRejected: as in `Adapter.translate`.
        """
        return self.translate(message)

    def figures(self, memory: Memory) -> Mapping[str, int]:
        """Return what an operator should see of `memory`: gaps noticed, players known.

        The status and the metrics show each figure under its name, a lower_snake_case word.
        """
        return {}


class NoOptions(BaseModel):
    """The options of an adapter that has none: any option is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """A datagram without its frame: the message, and the secret it showed; None where none."""

    body: bytes
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class AdapterSpec:
    """Announces an adapter; a spec that can't be used raises `AdapterLoadError` when it is made.

    `name` is lower_snake_case and unique across plugins: it is what settings write. `description`
    is one line for `campaign-bridge adapters list`. `adapter` is the class, or a function, that
    is called with the validated options. `options` is the pydantic model of the source's
    `options = {…}`. `status` is what HTTP answers for a stored message of such a source (some
    engines take only 200). `memory` is the model of what a `RememberingAdapter` remembers; its
    fields have defaults, so that `memory()` is the memory before the first message, and it must be
    the same when it was written as JSON and read again. A source that reads state files gives each
    file a memory of its own.

    `identity` is what the players' ids are worth at the weakest: `platform` where somebody else
    vouches for them (Steam, Mojang), `client` where the player's own machine makes them, `name`
    where they are names. A source must write `trust = "…"` for less than `platform`. `headers`
    names the HTTP headers, beyond Content-Type and User-Agent, that messages are to carry (in
    lower case). `unwrap` takes a datagram's frame off, for engines that have one; only such an
    adapter, or one that reads JSON, can carry a secret over UDP.
    """

    name: str
    description: str
    adapter: Callable[..., Adapter]
    options: type[BaseModel] = NoOptions
    status: int = 202
    memory: type[BaseModel] | None = None
    identity: Identity = "platform"
    headers: tuple[str, ...] = ()
    unwrap: Callable[[bytes], Unwrapped] | None = None

    def __post_init__(self) -> None:
        """Refuse what could not work, in the words of its author."""
        problem = _name_problem(self.name) or _text_problem(self.description)
        problem = problem or _kind_problem(self) or _memory_problem(self.memory)
        if problem:
            raise AdapterLoadError(f"AdapterSpec {self.name!r}: {problem}")


def _name_problem(name: object) -> str | None:
    if isinstance(name, str) and _NAME.fullmatch(name):
        return None
    return "`name` must be lower_snake_case: a to z, digits and _, at most 64 characters"


def _text_problem(text: object) -> str | None:
    if isinstance(text, str) and text.strip() and text.isprintable():
        return None
    return "`description` must be one line of text"


def _kind_problem(spec: AdapterSpec) -> str | None:
    if not callable(spec.adapter):
        return "`adapter` must be the adapter's class, or a function that takes the options"
    if isinstance(spec.adapter, type) and not issubclass(spec.adapter, Adapter):
        return "`adapter` must be a subclass of bridge.Adapter"
    if isinstance(spec.adapter, type) and (silence := silence_of(spec.adapter)):
        return silence
    if not _is_model(spec.options):
        return "`options` must be a pydantic model class"
    if type(spec.status) is not int or not 200 <= spec.status <= 299:
        return "`status` must be an HTTP status from 200 to 299"
    return _door_problem(spec)


def _door_problem(spec: AdapterSpec) -> str | None:
    if spec.identity not in get_args(Identity):
        return f"`identity` must be one of {', '.join(get_args(Identity))}"
    if not _are_lower(spec.headers):
        return "`headers` must be a tuple of names in lower case"
    if spec.unwrap is not None and not callable(spec.unwrap):
        return "`unwrap` must be a function from a datagram's bytes to `Unwrapped`"
    return None


def _are_lower(names: object) -> bool:
    return isinstance(names, tuple) and all(
        isinstance(name, str) and name == name.lower() for name in names
    )


def _memory_problem(memory: object) -> str | None:
    if memory is None:
        return None
    if not isinstance(memory, type) or not issubclass(memory, BaseModel):
        return "`memory` must be a pydantic model class"
    try:
        fresh = memory()
    except ValidationError:
        return "every field of the `memory` model needs a default"
    try:
        kept = memory.model_validate_json(fresh.model_dump_json()) == fresh
    except ValueError:  # pydantic's own and encoding errors are both of this kind
        kept = False
    return None if kept else "a fresh `memory` is another one after it was stored as JSON and read"


def silence_of(kind: type[Adapter]) -> str | None:
    """Say what is wrong with a subclass whose methods nobody will ever call; None where nothing."""
    ask: dict[str, object] = {"translate": Adapter.translate}
    if issubclass(kind, RememberingAdapter):
        ask["translate_with"] = RememberingAdapter.translate_with
    bases = (Adapter, RememberingAdapter)
    if kind in bases or any(getattr(kind, name) is not own for name, own in ask.items()):
        return None
    wanted = list(ask)[-1]
    own = [name for base in kind.__mro__ if base not in bases for name in vars(base)]
    near = difflib.get_close_matches(wanted, own, n=1)
    misspelt = f"; is {near[0]!r} misspelt?" if near else ""
    return f"{kind.__name__} has no method {wanted!r}, so it would never make an event{misspelt}"


def _is_model(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, BaseModel)
