"""The documents say what the code does: pages, links, samples."""

import json
import re
import shlex
from collections.abc import Iterator
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import click
import pytest

from bridge.adapters.builtin import JsonAdapter
from bridge.cli.pages import PAGES, family, renewed
from bridge.cli.program import COMMANDS, program
from bridge.errors import BridgeError
from bridge.events import RawMessage, State
from bridge.outbox.values import Decision
from bridge.settings.models import Settings
from bridge.testing import START

ROOT = Path(__file__).parent.parent
PAPERS = sorted(
    path.relative_to(ROOT)
    for path in (
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("plugins/**/README.md"),
        *ROOT.glob("sample_game/*.md"),
    )
)
SECTIONS = ("Security", "Removed", "Deprecated", "Added", "Changed", "Fixed")

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _text(name: str | Path) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _blocks(kind: str) -> list[tuple[str, str]]:
    return [
        (str(paper), block)
        for paper in PAPERS
        for language, block in _BLOCK.findall(_text(paper))
        if language == kind
    ]


# -- pages made from the code ---------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_code_makes_of_it(name: str) -> None:
    page = _text(f"docs/{name}")

    assert page == renewed(page, name), "run: python -m bridge.cli.pages docs"


def test_every_setting_is_in_its_page() -> None:
    page = _text("docs/configuration.md")
    sections = re.split(r"^## ", page, flags=re.MULTILINE)[1:]
    told = {
        (section.split("\n")[0].strip("[]"), name)
        for section in sections
        for name in re.findall(r"^\| `(\w+)`", section, re.MULTILINE)
    }

    assert {name for name, _ in told} == set(Settings.model_fields)
    assert ("delivery", "key_horizon") in told


def _commands() -> Iterator[tuple[str, click.Command]]:
    top = click.Context(program)
    for name in COMMANDS:
        command = program.get_command(top, name)
        assert command is not None
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {sub}", each) for sub, each in command.commands.items())


@pytest.mark.parametrize(
    ("name", "command"), list(_commands()), ids=[name for name, _ in _commands()]
)
def test_every_command_is_in_its_page_with_every_option(name: str, command: click.Command) -> None:
    page = _text("docs/commands.md")
    _, _, section = page.partition(f"\n## campaign-bridge {name}\n")
    section = section.split("\n## ")[0]

    assert section
    assert command.help
    for option in command.params:
        for word in option.opts if isinstance(option, click.Option) else ():
            assert word in section


@pytest.mark.parametrize("kind", list(family(BridgeError)))
def test_every_error_code_is_in_its_page_and_stands_for_one_error(kind: type[BridgeError]) -> None:
    page = _text("docs/errors.md")
    heads = page.split("\n")

    assert heads.count(f"## {kind.code}") == 1
    assert (kind.__doc__ or "").splitlines()[0] in page


# -- pages written by hand ------------------------------------------------------------------


def test_every_state_and_decision_is_explained() -> None:
    page = _text("docs/states.md")
    words = {d: f"outbox {d}" for d in (Decision.RETRY, Decision.RELEASE, Decision.DISCARD)}

    assert [state for state in State if f"\n| `{state}` |" not in page] == []
    assert [d for d in Decision if words.get(d, f"--{d}") not in page] == []


def test_every_cause_of_a_pause_or_a_hold_is_explained() -> None:
    page = _text("docs/states.md")
    rooms = [ROOT / "bridge/campaigns", ROOT / "bridge/delivery"]
    code = "".join(path.read_text() for room in rooms for path in room.glob("*.py"))
    causes = set(re.findall(r'(?:PauseLane|Hold|Refused|_pause)\("(\w+)"', code))

    assert causes >= {"key_refused", "campaign_not_active", "user_unknown"}
    assert [cause for cause in sorted(causes) if f"`{cause}`" not in page] == []


def test_every_reason_of_readiness_is_explained() -> None:
    page = _text("docs/operations.md")
    code = "".join(path.read_text() for path in (ROOT / "bridge/daemon").glob("*.py"))
    reasons = set(re.findall(r'Reason\(\s*f?"([a-z-]+)', code))

    assert {"store-full", "lane-"} <= reasons
    assert [reason for reason in sorted(reasons) if f"| `{reason}" not in page] == []


def test_the_changelog_has_this_version_and_its_order_of_sections() -> None:
    releases = re.split(r"^## ", _text("CHANGELOG.md"), flags=re.MULTILINE)[1:]

    assert releases[0].startswith(version("campaign-bridge"))
    for release in releases:
        places = [
            SECTIONS.index(name) for name in re.findall(r"^### (\w+)$", release, re.MULTILINE)
        ]
        assert all(before < after for before, after in pairwise(places))


# -- links ----------------------------------------------------------------------------------


def _anchors(page: str) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("paper", PAPERS, ids=str)
def test_every_relative_link_leads_somewhere(paper: Path) -> None:
    for link in _LINK.findall(_text(paper)):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / paper).parent / path if path else ROOT / paper

        assert target.exists(), f"{paper}: {link}"
        if anchor:
            assert anchor in _anchors(target.read_text(encoding="utf-8")), f"{paper}: {link}"


# -- samples --------------------------------------------------------------------------------


def _typed() -> Iterator[tuple[str, str]]:
    """Yield each command line of the samples, with the paper it stands in."""
    for paper, block in _blocks("sh"):
        yield from ((paper, line) for line in block.replace("\\\n", "").splitlines() if line)
    for paper, block in _blocks("console"):
        lines = re.findall(r"^\$ ((?:.*[\\|]\n)*.*)$", block, re.MULTILINE)
        yield from ((paper, line.replace("\\\n", "").replace("|\n", "| ")) for line in lines)


def _ours(line: str) -> list[str] | None:
    words = shlex.split(line, comments=True)
    if "campaign-bridge" not in words or words[0] not in {"sudo", "campaign-bridge"}:
        return None
    # `sudo -u campaign-bridge campaign-bridge …`: the last one begins the command
    last = len(words) - 1 - words[::-1].index("campaign-bridge")
    return words[last + 1 :]


def _parse(arguments: list[str]) -> None:
    """Read arguments as the program would, without carrying anything out."""
    if arguments[:1] == ["--config"]:
        arguments = arguments[2:]
    name, *rest = arguments
    command = program.get_command(click.Context(program), name)
    assert command is not None, name
    if isinstance(command, click.Group):
        sub, *rest = rest
        command = command.commands[sub]
    command.make_context(name, rest)


def test_every_command_line_of_the_samples_is_one_that_the_program_takes() -> None:
    ours = [(paper, line, _ours(line)) for paper, line in _typed()]
    found = [(paper, line, words) for paper, line, words in ours if words is not None]

    assert len(found) > 12
    for paper, line, words in found:
        try:
            _parse(words)
        except click.ClickException as wrong:
            pytest.fail(f"{paper}: {line}: {wrong.format_message()}")


def test_every_target_of_make_in_the_samples_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", _text("Makefile"), re.MULTILINE))
    named = {line.split()[1] for _, line in _typed() if line.startswith("make ")}

    assert {"demo", "test"} <= named
    assert named <= targets


def test_every_json_sample_is_json_and_every_message_can_be_read() -> None:
    papers = {"README.md", "docs/protocol.md"}
    typed = [sample for paper, line in _typed() for sample in re.findall(r"'(\{.*?\})'", line)]
    blocks = [block for paper, block in _blocks("json") if paper in papers]
    messages = [m for m in map(json.loads, typed + blocks) if "achievement" in m]

    assert len(messages) >= 4
    for message in messages:
        message.pop("occurred_at", None)
        raw = RawMessage("", json.dumps(message).encode(), START)
        (event,) = JsonAdapter().translate(raw)
        assert event.player == message["player"]
