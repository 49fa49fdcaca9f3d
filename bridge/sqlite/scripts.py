"""SQL from files: numbered migrations and named queries.

In: a package that holds `.sql` files. Out: their text by number or name. Knows nothing of what
the statements mean.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from sqlite3 import complete_statement

_NUMBERED = re.compile(r"^(\d{4})_(\w+)\.sql$")
_NAMED = re.compile(r"^-- (\w+) --$", re.MULTILINE)


@dataclass(frozen=True, slots=True, order=True)
class Migration:
    """One step of a schema: its number, the intent in its file's name, its statements."""

    number: int
    name: str
    script: str


def load_migrations(package: str) -> tuple[Migration, ...]:
    """Return the migrations in `package`, in order; they are numbered from 1 without a gap."""
    found = sorted(
        Migration(int(match[1]), match[2], item.read_text(encoding="utf-8"))
        for item in files(package).iterdir()
        if (match := _NUMBERED.match(item.name))
    )
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"the migrations in {package} are not numbered 1, 2, 3, …")
    return tuple(found)


def load_queries(package: str, name: str = "queries.sql") -> Mapping[str, str]:
    """Return the statements of a queries file by name; each begins with a line `-- name --`."""
    text = files(package).joinpath(name).read_text(encoding="utf-8")
    parts = _NAMED.split(text)
    return {
        key: body.strip().rstrip(";") for key, body in zip(parts[1::2], parts[2::2], strict=True)
    }


def statements(script: str) -> list[str]:
    """Split a migration's script into statements, so that it can run inside a transaction."""
    found, begun = [], ""
    for line in script.splitlines(keepends=True):
        begun += line
        if complete_statement(begun):  # knows that a trigger's body holds semicolons
            found.append(begun)
            begun = ""
    return [text for part in [*found, begun] if (text := part.strip().rstrip(";"))]
