"""The schema that is read is the schema that is made; every statement runs."""

import sqlite3
from importlib.resources import files

from bridge.sandbox.books import Books
from bridge.sqlite.scripts import load_migrations, load_queries, statements


def test_the_migrations_together_make_the_schema() -> None:
    made, read = sqlite3.connect(":memory:"), sqlite3.connect(":memory:")
    for migration in load_migrations("bridge.sandbox.books.migrations"):
        for statement in statements(migration.script):
            made.execute(statement)
    read.executescript(files("bridge.sandbox.books").joinpath("schema.sql").read_text())

    assert _tables(made) == _tables(read)
    assert len(_tables(made)) > 7
    made.close()
    read.close()


def test_no_statement_is_left_over() -> None:
    folder = files("bridge.sandbox.books")
    source = "".join(f.read_text() for f in folder.iterdir() if f.name.endswith(".py"))

    assert [
        name for name in load_queries("bridge.sandbox.books") if f'"{name}"' not in source
    ] == []


def test_unfinished_jobs_are_found_without_reading_the_finished_ones() -> None:
    db = sqlite3.connect(":memory:")
    db.executescript(files("bridge.sandbox.books").joinpath("schema.sql").read_text())
    sql = load_queries("bridge.sandbox.books")
    plans = [
        db.execute(f"EXPLAIN QUERY PLAN {sql[name]}", values).fetchall()[0][3]
        for name, values in (
            ("enqueued_jobs", {"up_to": 9, "limit": 9}),
            ("promised", {"campaign_id": "c"}),
        )
    ]
    db.close()

    assert all("USING INDEX job_enqueued" in plan for plan in plans)


def test_a_fresh_book_has_nothing_to_do() -> None:
    db = sqlite3.connect(":memory:")
    db.executescript(files("bridge.sandbox.books").joinpath("schema.sql").read_text())
    books = Books(db, load_queries("bridge.sandbox.books"), 0)
    last = books.jobs.last_enqueued()
    db.close()

    assert last is None


def _tables(db: sqlite3.Connection) -> list[tuple[str, str]]:
    return db.execute(
        "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"
    ).fetchall()
