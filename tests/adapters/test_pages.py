"""The pages for plugin authors say what the code does, and their samples run."""

import inspect
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

import bridge
from bridge import testing
from bridge.adapters import hookspecs
from bridge.adapters.contract import AdapterSpec
from bridge.adapters.declared.file import _Declaration, _Event
from bridge.adapters.preview import translate_lines
from bridge.adapters.registry import discover
from bridge.players.canonical import canonical_player
from bridge.settings.models import AdapterSettings
from tests.adapters.strangers import Drop

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "adapters.md").read_text(encoding="utf-8")
README = (ROOT / "plugins" / "README.md").read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)


def marked(page: str, mark: str) -> str:
    found = re.search(
        rf"^<!-- {re.escape(mark)} -->\n```\w+\n(.*?)^```$", page, re.DOTALL | re.MULTILINE
    )

    assert found is not None
    return found[1]


@pytest.mark.parametrize("name", [*bridge.__all__, *testing.__all__])
def test_every_public_name_is_on_the_page(name: str) -> None:
    assert re.search(rf"\b{name}\b", PAGE)


def test_every_field_of_the_spec_is_on_the_page() -> None:
    for field in inspect.signature(AdapterSpec).parameters:
        assert f"| `{field}` |" in PAGE


def test_the_hook_is_on_the_page_with_its_signature() -> None:
    signature = str(inspect.signature(hookspecs.bridge_adapters))
    plain = re.sub(r"\b(?:\w+\.)+(\w+)", r"\1", signature)

    assert f"### bridge_adapters{plain}\n" in PAGE


def test_the_samples_of_the_page_run() -> None:
    names: dict[str, object] = {"__name__": "a_page"}
    for block in blocks(PAGE, "python"):
        exec(compile(block, "docs/adapters.md", "exec"), names)  # noqa: S102  # our own page

    assert isinstance(names["SPEC"], AdapterSpec)


def test_the_ten_lines_of_the_readme_come_up_and_do_what_it_says(
    drop: Drop, settings: AdapterSettings
) -> None:
    drop("arena.py", marked(README, "drop-in: arena.py"))
    registry = discover(settings)
    made = translate_lines(
        registry.spec("arena"),
        registry.build("arena", {}),
        marked(README, "message: arena").encode(),
        source="arena",
        received_at=datetime(2026, 1, 1, tzinfo=UTC),
        canonical=canonical_player,
    )

    assert list(made) == [json.loads(marked(README, "events: arena"))]


def test_the_declaration_of_the_page_comes_up_and_does_what_it_says(
    drop: Drop, settings: AdapterSettings
) -> None:
    drop("pit.toml", marked(PAGE, "drop-in: pit.toml"))
    registry = discover(settings)
    made = translate_lines(
        registry.spec("pit"),
        registry.build("pit", {}),
        marked(PAGE, "message: pit").encode(),
        source="pit",
        received_at=datetime(2026, 1, 1, tzinfo=UTC),
        canonical=canonical_player,
    )

    assert list(made) == json.loads(marked(PAGE, "events: pit"))


def test_every_key_of_a_declaration_is_on_the_page() -> None:
    for model in (_Declaration, _Event):
        for key in model.model_fields:
            assert key == "events" or f"| `{key}` |" in PAGE


def test_the_example_stands_as_the_readme_draws_it() -> None:
    drawn = re.findall(r"[\w./]+\.(?:py|toml|md)\b", blocks(README, "text")[-1])

    for name in drawn:
        assert list((ROOT / "plugins" / "example").rglob(name.rpartition("/")[2]))


def test_the_example_is_found_as_a_dropped_folder(folder: Path) -> None:
    package = ROOT / "plugins" / "example" / "bridge_adapter_example"
    source = (package / "adapter.py").read_text(encoding="utf-8")
    init = (package / "__init__.py").read_text(encoding="utf-8")
    (folder / "arena").mkdir(mode=0o755)
    (folder / "arena" / "adapter.py").write_text(source, encoding="utf-8")
    (folder / "arena" / "__init__.py").write_text(
        init.replace("from bridge_adapter_example.adapter", "from .adapter"), encoding="utf-8"
    )
    registry = discover(AdapterSettings(plugins_dir=folder))

    assert registry.failures == ()
    assert "example" in registry.specs
