"""What a person at a terminal sees: tables, questions, and nothing that draws by itself."""

import pytest

from tests.cli.play import Site, entry, in_outbox, on_terminal


@pytest.fixture
def key(configured: Site) -> str:
    new = entry("name:\u202e\u2066eve", code="[bold]x[/bold]")

    async def put(outbox):  # type: ignore[no-untyped-def]  # any outbox
        await outbox.put([new])

    in_outbox(configured.outbox, put)
    return str(new.key)


def test_a_table_on_a_terminal_shows_hostile_text_as_text(configured: Site, key: str) -> None:
    code, drawn = on_terminal(f"--config={configured.config}", "outbox", "list")

    assert code == 0
    assert "\x1b[1mKEY" in drawn
    assert "\u202e" not in drawn
    assert "[bold]" in drawn


def test_a_person_is_asked_and_may_say_no(configured: Site, key: str) -> None:
    refused = on_terminal(f"--config={configured.config}", "outbox", "discard", key, answer=b"n\n")
    agreed = on_terminal(f"--config={configured.config}", "outbox", "discard", key, answer=b"y\n")

    assert refused[0] == 1
    assert "nothing was changed" in refused[1]
    assert agreed[0] == 0
    assert f"{key}  discarded" in agreed[1]
