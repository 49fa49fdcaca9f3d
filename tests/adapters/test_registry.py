"""What is required, what is near, and how an adapter is built."""

import pytest
from pydantic import BaseModel, ConfigDict, Field, field_validator

from bridge import Adapter, AdapterSpec, GameEvent, RawMessage, RememberingAdapter
from bridge.adapters.packages import installed
from bridge.adapters.plugins import Failure, Origin, Plugin, specs_of
from bridge.adapters.registry import Registered, Registry, discover
from bridge.errors import AdapterConflict, AdapterLoadError, AdapterNotFound, SettingsError
from bridge.settings.models import AdapterSettings
from tests.adapters.strangers import Drop, plugin_code


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid")

    timezone: str = "UTC"
    first_round: int = Field(1, ge=1)

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        if value == "nowhere":
            raise ValueError("no such timezone")
        return value


class Arena(Adapter):
    def __init__(self, options: Options) -> None:
        self.options = options

    def translate(self, message: RawMessage) -> list[GameEvent]:
        return []


class Memory(BaseModel):
    seen: int = 0


class Remembering(RememberingAdapter[Memory]):
    def translate_with(self, message: RawMessage, memory: Memory) -> list[GameEvent]:
        return []


def _failing(_options: BaseModel) -> Adapter:
    raise KeyError("gone")


def registry_of(*specs: AdapterSpec, failures: tuple[Failure, ...] = ()) -> Registry:
    found = {spec.name: Registered(spec, Origin("arena-adapter", "1.0")) for spec in specs}
    return Registry(found, failures)


ARENA = AdapterSpec("arena", "The arena", Arena, options=Options)


def test_an_adapter_is_built_with_its_validated_options() -> None:
    adapter = registry_of(ARENA).build("arena", {"first_round": 3})

    assert isinstance(adapter, Arena)
    assert adapter.options == Options(first_round=3)


def test_every_bad_option_is_named() -> None:
    bad = {"first_round": 0, "timezone": "nowhere", "timezonee": "UTC"}

    with pytest.raises(SettingsError) as refused:
        registry_of(ARENA).build("arena", bad)
    assert str(refused.value).splitlines() == [
        "the options of adapter 'arena' can't be used:",
        "  timezone: no such timezone",
        "  first_round: Input should be greater than or equal to 1",
        "  timezonee: no such option; did you mean 'timezone'?",
    ]


def test_an_unknown_adapter_is_told_what_is_near() -> None:
    with pytest.raises(AdapterNotFound, match="'areena'; did you mean 'arena'"):
        registry_of(ARENA).build("areena", {})


def test_an_unknown_adapter_is_told_which_plugins_failed() -> None:
    registry = registry_of(ARENA, failures=(Failure("unreal", "unreal-adapter 1", "no"),))

    with pytest.raises(AdapterNotFound, match=r"plugins that failed: unreal"):
        registry.spec("xyz")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (AdapterSpec("arena", "x", _failing), "KeyError: 'gone'"),
        (AdapterSpec("arena", "x", lambda _: 7), "no subclass of bridge.Adapter"),  # type: ignore[arg-type,return-value]  # what a stranger may do
        (AdapterSpec("arena", "x", Remembering), "names a `memory` in its spec"),
        (AdapterSpec("arena", "x", Adapter, memory=Memory), "names a `memory` in its spec"),
    ],
)
def test_an_adapter_that_cannot_be_built_names_its_plugin(spec: AdapterSpec, said: str) -> None:
    with pytest.raises(AdapterLoadError) as failure:
        registry_of(spec).build("arena", {})
    assert said in str(failure.value)
    assert "arena (arena-adapter 1.0)" in str(failure.value)


class Zoned(Adapter):
    def __init__(self, options: Options) -> None:
        raise LookupError(f"no such timezone: {options.timezone}")

    def translate(self, message: RawMessage) -> list[GameEvent]:
        return []


class Bare(Adapter):
    def __init__(self) -> None:
        pass

    def translate(self, message: RawMessage) -> list[GameEvent]:
        return []


@pytest.mark.parametrize(
    ("spec", "hint"),
    [
        (
            AdapterSpec("arena", "x", Zoned, options=Options),
            "See the source's `options`: timezone.",
        ),
        (AdapterSpec("arena", "x", _failing, options=Options), "`options`: timezone, first_round."),
        (
            AdapterSpec("arena", "x", Bare),
            "is called with one argument, the options: see `__init__`",
        ),  # type: ignore[arg-type]  # what is tested
        (AdapterSpec("arena", "x", Remembering), "Set the spec's `memory`"),
    ],
)
def test_an_adapter_that_cannot_be_built_names_what_to_correct(
    spec: AdapterSpec, hint: str
) -> None:
    with pytest.raises(AdapterLoadError) as failure:
        registry_of(spec).build("arena", {})

    assert hint in failure.value.hint


def test_an_adapter_that_cannot_be_built_names_the_line_of_its_code() -> None:
    with pytest.raises(AdapterLoadError, match=r"no such timezone: UTC \(test_registry\.py:\d+\)"):
        registry_of(AdapterSpec("arena", "x", Zoned, options=Options)).build("arena", {})


def test_a_required_adapter_that_came_up_is_fine(drop: Drop, settings: AdapterSettings) -> None:
    drop("arena.py", plugin_code("arena"))
    registry = discover(settings.model_copy(update={"required": ("arena",)}))

    assert "arena" in registry.specs


def test_a_required_adapter_whose_plugin_failed_says_why(
    drop: Drop, settings: AdapterSettings
) -> None:
    path = drop("arena.py", "import no_such_thing")

    with pytest.raises(AdapterLoadError) as failure:
        discover(settings.model_copy(update={"required": ("arena",)}))
    assert "'arena'" in str(failure.value)
    assert str(path) in str(failure.value)
    assert "No module named 'no_such_thing'" in str(failure.value)


def test_a_required_adapter_that_nobody_provides_is_not_found(settings: AdapterSettings) -> None:
    with pytest.raises(AdapterNotFound, match="no adapter is called 'arena'"):
        discover(settings.model_copy(update={"required": ("arena",)}))


# -- plugins of our own, loaded when they are asked for -------------------------------------

OURS = [
    found
    for found in installed()
    if isinstance(found, Plugin) and found.origin.place == "campaign-bridge"
]


@pytest.mark.parametrize("plugin", OURS, ids=lambda plugin: plugin.name)
def test_each_plugin_of_ours_provides_the_one_adapter_of_its_name(plugin: Plugin) -> None:
    specs = specs_of(plugin)
    assert not isinstance(specs, Failure)
    assert [spec.name for spec in specs] == [plugin.name]


def test_what_is_loaded_later_is_what_would_have_been_loaded_now(settings: AdapterSettings) -> None:
    now, later = discover(settings), discover(settings, ours_later=True)

    assert set(later.waiting) == {plugin.name for plugin in OURS}
    for name, registered in now.adapters.items():
        assert later.spec(name) == registered.spec
        assert later.origin(name) == registered.origin


def test_a_plugin_that_waits_is_near_and_can_be_required(settings: AdapterSettings) -> None:
    later = discover(settings, ours_later=True)
    later.require(["minecraft"])

    with pytest.raises(AdapterNotFound, match="did you mean 'minecraft'"):
        later.spec("minecarft")


def test_a_stranger_cant_take_the_name_of_one_that_waits(
    drop: Drop, settings: AdapterSettings
) -> None:
    drop("mine.py", plugin_code("minecraft"))

    with pytest.raises(AdapterConflict, match="called 'minecraft': campaign-bridge"):
        discover(settings, ours_later=True)


def test_one_that_waits_and_fails_says_why() -> None:
    def broken() -> object:
        raise ImportError("no such library")

    plugin = Plugin("arena", Origin("campaign-bridge", "1.0"), broken)
    registry = Registry({}, waiting={"arena": plugin})

    with pytest.raises(AdapterLoadError, match=r"'arena' did not come up: .*no such library"):
        registry.spec("arena")
