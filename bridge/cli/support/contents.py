"""What is in a bundle: each file's text, by its name.

In: the configuration, the outbox, the daemon's own words, a log. Out: texts that hold no secret and
no person. What can't be told says why, and spoils nothing else.
"""

import json
import os
import platform
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from importlib.metadata import distributions
from itertools import islice
from pathlib import Path
from typing import Any, Final

from bridge.cli.keeping.place import Place, migrations
from bridge.cli.support.masking import Masker
from bridge.errors import BridgeError
from bridge.outbox.archive.counting import counts
from bridge.outbox.archive.examining import examine
from bridge.outbox.machine import machine_id
from bridge.outbox.sqlite.statements import Statements
from bridge.settings.models import ENV_PREFIX, Settings
from bridge.sqlite.connection import open_reader
from bridge.sqlite.copying import snapshot

#: Newest entries that are told of, and lines of the log.
ENTRIES: Final = 200
LINES: Final = 2000
#: How a bundle's log begins that holds none.
NO_LOG: Final = "no log"
_WITH_LOG: Final = "as root, `journalctl -u 'campaign-bridge*' > FILE`, then --log FILE"

_ABOUT: Final = """\
A support bundle of campaign-bridge. It holds no API key, token, webhook secret, raw message or
e-mail address. Players and userRefs are marks: the same one is the same throughout this bundle, and
nobody can tell from a mark who it is. Look through it before you send it on.
"""


def contents(
    settings: Settings | None,
    config: Path,
    place: Place | None,
    status: Mapping[str, Any],
    log: Path | None,
    masker: Masker,
) -> Iterator[tuple[str, str]]:
    """Yield the files of a bundle. Entries come first: they teach the masker who is a person."""
    yield "README.txt", _ABOUT
    made: list[tuple[str, Callable[[], Any]]] = []
    if place is not None:
        made += [
            ("entries.jsonl", lambda: _entries(place.outbox, masker)),
            ("outbox.json", lambda: _outbox(place.outbox)),
            ("schema.sql", lambda: _schema(place.outbox)),
            ("check.json", lambda: _check(place.outbox)),
        ]
    made += [
        ("versions.json", _versions),
        ("settings.json", lambda: _settings(settings, config, masker)),
        ("status.json", lambda: dict(status)),
        ("log.txt", lambda: _log(log)),
    ]
    for name, make in made:
        yield name, masker.text(_told(make))


def _told(make: Callable[[], Any]) -> str:
    try:
        value = make()
    except (BridgeError, sqlite3.Error, OSError, ValueError) as failure:
        value = {"not_told": f"{type(failure).__name__}: {failure}"}
    return value if isinstance(value, str) else json.dumps(value, indent=2, default=str) + "\n"


# -- the machine and the settings ---------------------------------------------------------------


def _versions() -> dict[str, Any]:
    return {
        "python": sys.version,
        "sqlite": sqlite3.sqlite_version,
        "platform": platform.platform(),
        "packages": {
            each.metadata["Name"]: each.version
            for each in sorted(distributions(), key=lambda one: str(one.metadata["Name"]).lower())
        },
    }


def _settings(settings: Settings | None, config: Path, masker: Masker) -> dict[str, Any]:
    variables = sorted(name for name in os.environ if name.startswith(ENV_PREFIX))
    if settings is None:
        return {"file": str(config), "not_told": "the file can't be read", "variables": variables}
    told = masker.value(settings.model_dump(mode="json"))
    return {"file": str(config), "variables": variables, "settings": told}


def _log(path: Path | None) -> str:
    """Return the last lines of a file, else of the journal; why where there is neither."""
    if path is not None:
        with path.open(encoding="utf-8", errors="replace") as file:
            lines = file.readlines()
        return "".join(lines[-LINES:])
    try:
        done = subprocess.run(
            ["journalctl", "--unit=campaign-bridge*", f"--lines={LINES}", "--no-pager"],  # noqa: S607  # of this machine
            capture_output=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return f"{NO_LOG}: none was named, and there is no journal here; {_WITH_LOG}\n"
    told = done.stdout.decode("utf-8", "replace")
    if any(line and not line.startswith("-- ") for line in told.splitlines()):
        return told
    return f"{NO_LOG}: none was named, and this user reads none in the journal; {_WITH_LOG}\n"


# -- the outbox ---------------------------------------------------------------------------------


def _outbox(outbox: Path) -> dict[str, Any]:
    with snapshot(outbox) as db:
        found = counts(db)
        pages = {
            name: db.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("user_version", "page_count", "freelist_count", "page_size", "auto_vacuum")
        }
        ledger = db.execute("SELECT sequence, quarantine, copied FROM ledger").fetchone()
    beside = {each.name: each.stat().st_size for each in sorted(outbox.parent.glob("outbox*"))}
    return {
        "rows": dict(found.rows),
        "states": dict(found.states),
        "pages": pages,
        "ledger": dict(ledger),
        "files": beside,
    }


def _schema(outbox: Path) -> str:
    with snapshot(outbox) as db:
        rows = db.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
        return "".join(f"{row[0]};\n" for row in rows)


def _check(outbox: Path) -> list[dict[str, str]]:
    return [
        {"level": each.level.value, "what": each.what, "detail": each.detail, "hint": each.hint}
        for each in examine(outbox, migrations(), machine_id())
    ]


_TOLD: Final = (
    "key",
    "campaign",
    "event_code",
    "feat",
    "state",
    "reason",
    "created_at",
    "updated_at",
    "due_at",
    "binding",
    "attempts",
    "failures",
    "refusals",
    "conflicts",
    "first_maybe_sent_at",
    "fenced",
    "accepted_at",
)


def _entries(outbox: Path, masker: Masker) -> str:
    """Return the newest entries and their attempts, with marks for persons."""
    with closing(open_reader(outbox)) as db:
        sql = Statements(db)
        newest = {"campaign": None, "player": None, "state": None, "reason": None, "limit": ENTRIES}
        found = sql.many("listing", **newest)
        lines = [_entry(sql, row, masker) for row in found]
        for link in islice(sql.run("links", player=None), 100_000):  # logs may name them
            masker.person(link["player"])
            masker.person(link["user_ref"])
    return "".join(f"{json.dumps(line)}\n" for line in lines)


def _entry(sql: Statements, row: sqlite3.Row, masker: Masker) -> dict[str, Any]:
    told = {name: row[name] for name in _TOLD}
    told["key"] = row["key"].hex()
    told["player"] = masker.person(row["player"])
    told["user_ref"] = masker.person(row["user_ref"])
    told["bound_ref"] = masker.person(row["bound_ref"])
    told["occurrence"] = (masker.person(f"occurrence:{row['occurrence']}") or "").partition("#")[2]
    told["tried"] = [
        {
            "number": each["number"],
            "at": each["at"],
            "outcome": each["outcome"],
            "status": each["status"],
            "detail": each["detail"],
            "seconds": each["seconds"],
        }
        for each in sql.many("attempts", id=row["id"])
    ]
    return told
