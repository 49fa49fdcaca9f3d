"""Hooks are few, and each is fully documented."""

import inspect
from collections.abc import Callable

import pytest

from bridge.adapters import hookspecs

HOOKS = [
    hook
    for _, hook in inspect.getmembers(hookspecs, inspect.isfunction)
    if hasattr(hook, f"{hookspecs.PROJECT}_spec")
]


def test_there_is_one_hook() -> None:
    assert [hook.__name__ for hook in HOOKS] == ["bridge_adapters"]


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize(
    "part", ["Called ", "must not", "clash", "Returns:", "Example:", ".. versionadded::"]
)
def test_a_hook_says_all_that_its_author_needs(hook: Callable[..., object], part: str) -> None:
    assert part in (hook.__doc__ or "")


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_is_fully_typed(hook: Callable[..., object]) -> None:
    signature = inspect.signature(hook)

    assert signature.return_annotation is not inspect.Signature.empty


def test_the_example_of_the_hook_runs() -> None:
    source = inspect.getdoc(hookspecs.bridge_adapters) or ""
    lines = [
        line.strip()[4:] for line in source.splitlines() if line.strip()[:4] in {">>> ", "... "}
    ]
    names: dict[str, object] = {}
    exec("\n".join(lines), names)  # noqa: S102  # our own example
    provided = names["bridge_adapters"]

    assert callable(provided)
    assert [spec.name for spec in provided()] == ["unreal"]
