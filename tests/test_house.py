"""The house rules that a machine can check."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.outbox.play import BACKENDS

ROOT = Path(__file__).parents[1]
OURS = ("bridge", "plugins", "sample_game", "benchmarks")
#: Where a clock may be read; everywhere else it is handed in.
CLOCKS = ("bridge/daemon/", "bridge/sandbox/", "bridge/cli/", "sample_game/", "benchmarks/")
READINGS = {
    "time": {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns"},
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
}

Documented = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def modules() -> dict[str, str]:
    """Return every module that is ours, by its path."""
    files = [file for folder in OURS for file in sorted((ROOT / folder).rglob("*.py"))]
    return {file.relative_to(ROOT).as_posix(): file.read_text("utf-8") for file in files}


@pytest.fixture(scope="module")
def trees() -> dict[str, ast.Module]:
    return {path: ast.parse(text, path) for path, text in modules().items()}


def test_no_module_is_longer_than_400_lines() -> None:
    long = {path for path, text in modules().items() if len(text.splitlines()) > 400}

    assert long == set()


def test_every_module_and_package_says_its_job_first(trees: dict[str, ast.Module]) -> None:
    silent = [path for path, tree in trees.items() if not ast.get_docstring(tree)]

    assert silent == []


def test_the_first_line_of_a_module_is_a_sentence(trees: dict[str, ast.Module]) -> None:
    first = {
        path: (ast.get_docstring(tree) or "").partition("\n\n")[0] for path, tree in trees.items()
    }

    assert [path for path, sentence in first.items() if sentence[-1:] not in {".", "!"}] == []


def test_every_folder_with_modules_is_a_package() -> None:
    folders = {
        (ROOT / path).parent
        for path in modules()
        if path.startswith(("bridge", "sample", "benchmarks"))
    }

    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []


# -- contracts ------------------------------------------------------------------------------


def public(body: list[ast.stmt], inside: str = "") -> Iterator[tuple[str, Documented]]:
    """Yield the classes, functions and methods that others may use, by their names."""
    for node in body:
        if isinstance(node, Documented) and not node.name.startswith("_"):
            yield f"{inside}{node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body, f"{inside}{node.name}.")


def test_contracts_hooks_and_errors_are_documented_to_the_last_method(
    trees: dict[str, ast.Module],
) -> None:
    promises = {
        path: tree
        for path, tree in trees.items()
        if path.endswith(("/contract.py", "/hookspecs.py", "/errors.py"))
    }

    silent = [
        f"{path}: {name}"
        for path, tree in promises.items()
        for name, node in public(tree.body)
        if not ast.get_docstring(node)
    ]

    assert len(promises) >= 4
    assert silent == []


def test_every_outbox_that_ships_runs_the_contracts_suite(trees: dict[str, ast.Module]) -> None:
    proven = {
        ast.unparse(node.value)
        for path, tree in trees.items()
        for node in tree.body
        if path.startswith("bridge/outbox/")
        and isinstance(node, ast.AnnAssign)
        and node.value is not None
        and ast.unparse(node.annotation) == "type[Outbox]"
    }

    assert proven == {backend.kind.__name__ for backend in BACKENDS.values()}


# -- time -----------------------------------------------------------------------------------


def clock_readings(tree: ast.Module) -> Iterator[str]:
    """Yield what reads a clock: `time.monotonic`, `from time import time`, `datetime.now`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from (alias.name for alias in node.names if alias.name in READINGS["time"])
        if isinstance(node, ast.Attribute):
            place = ast.unparse(node.value).rpartition(".")[2]
            if node.attr in READINGS.get(place, ()):
                yield f"{place}.{node.attr}"


def test_clocks_are_made_in_the_daemon_the_sandbox_and_the_command_line_only(
    trees: dict[str, ast.Module],
) -> None:
    readings = [
        f"{path}: {reading}"
        for path, tree in trees.items()
        if not path.startswith(CLOCKS)
        for reading in clock_readings(tree)
    ]

    assert readings == []


@pytest.mark.parametrize(
    "code",
    [
        "import time; time.time()",
        "import time; clock = time.monotonic",
        "from time import monotonic",
        "from datetime import datetime; datetime.now(UTC)",
        "import datetime; datetime.datetime.utcnow()",
        "from datetime import date; date.today()",
    ],
)
def test_a_clock_that_is_read_is_found(code: str) -> None:
    assert list(clock_readings(ast.parse(code)))
