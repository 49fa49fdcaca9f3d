"""The log's words are stable: those of the code are those of docs/operations.md."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `([a-z_]+)` \| (debug|info|warning|error) \| ", re.MULTILINE)


def logged() -> set[tuple[str, str]]:
    """Return every action of the daemon with its level, as the code has them."""
    found = set()
    for path in (ROOT / "bridge").rglob("*.py"):
        if "sandbox" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                found |= {
                    (keyword.value.value, node.func.attr)
                    for keyword in node.keywords
                    if keyword.arg == "action" and isinstance(keyword.value, ast.Constant)
                }
    return found


def test_every_action_is_in_the_docs_with_its_level_and_no_other() -> None:
    rows = ROW.findall((ROOT / "docs" / "operations.md").read_text("utf-8"))

    assert set(rows) == logged()
    assert [word for word, _ in rows] == sorted({word for word, _ in rows})


def test_no_line_is_logged_without_an_action() -> None:
    silent = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in (ROOT / "bridge").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and ast.unparse(node.func.value) in {"log", "_log"}
        and node.func.attr in {"debug", "info", "warning", "error", "exception", "critical"}
        and not any(keyword.arg == "action" for keyword in node.keywords)
    ]

    assert silent == []
