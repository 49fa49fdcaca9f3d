"""What a person at a terminal sees: tables, questions, and nothing that draws by itself."""

import os
import pty
import select
import subprocess
import sys

import pytest

from tests.cli.play import PATIENCE, Site, entry, in_outbox


def _on_terminal(site: Site, *arguments: str, answer: bytes = b"") -> tuple[int, str]:
    """Run the program on a terminal; return its exit code and all that it drew."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "bridge", f"--config={site.config}", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "COLUMNS": "100", "TERM": "xterm"},
    ) as process:
        os.close(theirs)
        os.write(ours, answer)
        drawn = b""
        while select.select([ours], [], [], PATIENCE)[0]:
            try:
                drawn += os.read(ours, 65536)
            except OSError:  # Linux: the other end is closed
                break
        code = process.wait(PATIENCE)
    os.close(ours)
    return code, drawn.decode()


@pytest.fixture
def key(configured: Site) -> str:
    new = entry("name:\u202e\u2066eve", code="[bold]x[/bold]")

    async def put(outbox):  # type: ignore[no-untyped-def]  # any outbox
        await outbox.put([new])

    in_outbox(configured.outbox, put)
    return str(new.key)


def test_a_table_on_a_terminal_shows_hostile_text_as_text(configured: Site, key: str) -> None:
    code, drawn = _on_terminal(configured, "outbox", "list")

    assert code == 0
    assert "\x1b[1mKEY" in drawn
    assert "\u202e" not in drawn
    assert "[bold]" in drawn


def test_a_person_is_asked_and_may_say_no(configured: Site, key: str) -> None:
    refused = _on_terminal(configured, "outbox", "discard", key, answer=b"n\n")
    agreed = _on_terminal(configured, "outbox", "discard", key, answer=b"y\n")

    assert refused[0] == 1
    assert "nothing was changed" in refused[1]
    assert agreed[0] == 0
    assert f"{key}  discarded" in agreed[1]
