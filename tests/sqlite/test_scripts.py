"""SQL from files: numbered migrations, named queries, statements."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.sqlite.scripts import Migration, load_migrations, load_queries, statements


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package to put `.sql` files into; its name is `sql_of_a_test`."""
    folder = tmp_path / "sql_of_a_test"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    sys.modules.pop("sql_of_a_test", None)


def test_migrations_come_in_the_order_of_their_numbers(package: Path) -> None:
    for name in ("0010_j", "0002_b", "0001_first_one"):
        (package / f"{name}.sql").write_text(f"-- {name}")
    for number in range(3, 10):
        (package / f"{number:04}_x.sql").write_text("")
    (package / "notes.txt").write_text("not a migration")

    found = load_migrations("sql_of_a_test")

    assert [migration.number for migration in found] == list(range(1, 11))
    assert found[0] == Migration(1, "first_one", "-- 0001_first_one")


@pytest.mark.parametrize(
    "names", [["0002_b"], ["0001_a", "0003_c"], ["0001_a", "0001_b"]], ids=",".join
)
def test_a_gap_in_the_numbers_is_refused(package: Path, names: list[str]) -> None:
    for name in names:
        (package / f"{name}.sql").write_text("")

    with pytest.raises(ValueError, match="sql_of_a_test are not numbered"):
        load_migrations("sql_of_a_test")


def test_queries_are_found_by_name(package: Path) -> None:
    (package / "queries.sql").write_text(
        "-- one --\n-- Why.\nSELECT 1;\n\n-- two_words --\nSELECT\n  ';', 2;\n"
    )

    found = load_queries("sql_of_a_test")

    assert found == {"one": "-- Why.\nSELECT 1", "two_words": "SELECT\n  ';', 2"}


def test_a_file_without_queries_holds_none(package: Path) -> None:
    (package / "queries.sql").write_text("-- just a comment\n")

    assert not load_queries("sql_of_a_test")


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("", []),
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1;\nSELECT 2;\n", ["SELECT 1", "SELECT 2"]),
        ("SELECT ';', 1;\nSELECT 2;  \n\n", ["SELECT ';', 1", "SELECT 2"]),
        (
            "-- why\nCREATE TABLE a (\n  b TEXT\n) STRICT;",
            ["-- why\nCREATE TABLE a (\n  b TEXT\n) STRICT"],
        ),
    ],
)
def test_a_script_is_split_where_a_line_ends_a_statement(script: str, expected: list[str]) -> None:
    assert statements(script) == expected
