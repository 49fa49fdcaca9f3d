"""Plugins that are installed packages: good, broken, clashing."""

import sys
import tomllib
from pathlib import Path

import pytest

from bridge.adapters.plugins import Origin
from bridge.adapters.registry import discover
from bridge.errors import AdapterConflict
from bridge.settings.models import AdapterSettings
from tests.adapters.strangers import Install, plugin_code

NO_FOLDER = AdapterSettings()
PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


def test_an_installed_package_provides_its_adapter(install: Install) -> None:
    install("arena-adapter", "arena", plugin_code("arena"), "2.0")
    registry = discover(NO_FOLDER)

    assert registry.specs["arena"].description == "Says what it hears"
    assert registry.origin("arena") == Origin("arena-adapter", "2.0")


def test_our_own_adapter_comes_in_by_the_same_door(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = tomllib.loads(PYPROJECT.read_text())["project"]["entry-points"]["bridge.adapters"]
    info = tmp_path / "campaign_bridge-0.1.0.dist-info"
    info.mkdir()
    lines = [f"{name} = {value}" for name, value in points.items()]
    (info / "entry_points.txt").write_text("\n".join(["[bridge.adapters]", *lines]))
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: campaign-bridge\nVersion: 0.1.0\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    registry = discover(NO_FOLDER)

    assert str(registry.origin("json")) == "campaign-bridge 0.1.0"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import no_such_module_here", "No module named 'no_such_module_here'"),
        ("def broken(:", "SyntaxError: invalid syntax"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("raise RuntimeError('a\\n\\x1b[31mred')", "RuntimeError: a ?[31mred"),
        ("pass", "it has no function bridge_adapters marked with @hookimpl"),
        ("def bridge_adapters(): return []", "it has no function bridge_adapters marked"),
    ],
)
def test_a_package_that_fails_harms_no_other(install: Install, code: str, said: str) -> None:
    install("broken-adapter", "broken", code)
    install("arena-adapter", "arena", plugin_code("arena"))
    registry = discover(NO_FOLDER)

    (failure,) = registry.failures
    assert failure.plugin == "broken"
    assert failure.where == "broken-adapter 1.2.3"
    assert said in failure.error
    assert failure.error.isprintable()
    assert "arena" in registry.specs


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise OSError('no')", "OSError: no"),
        ("return None", "bridge_adapters returned None"),
        ("return 7", "returned a int, not a list of specs"),
        ("return ['x']", "returned a str, not an AdapterSpec"),
        ("return [AdapterSpec('Bad-Name', 'x', Adapter)]", "must be lower_snake_case"),
        ("return [AdapterSpec('x', 'x', int)]", "must be a subclass of bridge.Adapter"),
        ("return [AdapterSpec('x', 'x', Adapter)] * 2", "two specs of the same name"),
        ("return itertools.repeat(AdapterSpec('x', 'x', Adapter))", "more than 1000 specs"),
        ("import sys; sys.exit('bye')", "SystemExit: bye"),
    ],
)
def test_a_hook_that_misbehaves_is_recorded(install: Install, body: str, said: str) -> None:
    head = "import itertools\nfrom bridge import Adapter, AdapterSpec, hookimpl\n@hookimpl\n"
    install("odd-adapter", "odd", f"{head}def bridge_adapters():\n    {body}\n")
    registry = discover(NO_FOLDER)

    (failure,) = registry.failures
    assert said in failure.error


def test_an_async_hook_is_recorded(install: Install) -> None:
    head = "from bridge import hookimpl\n@hookimpl\n"
    install("odd-adapter", "odd", f"{head}async def bridge_adapters():\n    return []\n")
    (failure,) = discover(NO_FOLDER).failures

    assert "must be a plain function, not async" in failure.error


def test_a_hook_with_an_argument_we_do_not_give_is_recorded(install: Install) -> None:
    head = "from bridge import hookimpl\n@hookimpl\n"
    install("odd-adapter", "odd", f"{head}def bridge_adapters(app):\n    return []\n")
    (failure,) = discover(NO_FOLDER).failures

    assert "app" in failure.error


def test_a_name_clash_names_both_packages(install: Install) -> None:
    install("arena-adapter", "arena", plugin_code("arena"), "1.0")
    install("other-arena", "arena", plugin_code("arena"), "3.1")

    with pytest.raises(AdapterConflict) as conflict:
        discover(NO_FOLDER)
    assert "arena-adapter 1.0" in str(conflict.value)
    assert "other-arena 3.1" in str(conflict.value)


def test_a_package_that_is_on_the_path_twice_counts_once(install: Install) -> None:
    install("arena-adapter", "arena", plugin_code("arena"), "1.0")
    sys.path.append(sys.path[0] + "/.")
    try:
        registry = discover(NO_FOLDER)
    finally:
        sys.path.pop()

    assert "arena" in registry.specs


def test_unreadable_metadata_is_recorded_and_harms_no_other(
    install: Install, tmp_path: Path
) -> None:
    install("arena-adapter", "arena", plugin_code("arena"))
    info = tmp_path / "site" / "torn-1.0.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_bytes(b"[bridge.adapters]\n\xff\xfe = x\n")
    registry = discover(NO_FOLDER)

    assert len(registry.failures) == 1
    assert "UnicodeDecodeError" in registry.failures[0].error
    assert "arena" in registry.specs
