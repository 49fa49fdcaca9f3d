"""The parts of `docs/` that are made from the code, so that they can't say anything else.

In: the settings' models, the commands, the errors. Out: Markdown, below a mark in the pages.
`python -m bridge.cli.pages docs` writes it; a test compares.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from textwrap import dedent

import click

from bridge.cli.init.template import EXAMPLES, Setting, Table, tables, toml
from bridge.cli.program import program
from bridge.control.metrics.board import Family
from bridge.control.metrics.page import ROOMS
from bridge.errors import BridgeError
from bridge.gate.problems import STATUS

#: What stands above it in a page is written by hand, what is below is made here.
MARK = "<!-- Made by `python -m bridge.cli.pages docs`: edit the code instead. -->\n"


def configuration() -> str:
    """Return what `docs/configuration.md` says of every setting."""
    return "\n".join(map(_table, tables()))


def commands() -> str:
    """Return what `docs/commands.md` says of every command."""
    top = click.Context(program, info_name="campaign-bridge")
    return "\n".join([_command(top), *_subcommands(top)])


def errors() -> str:
    """Return what `docs/errors.md` says of every error."""
    return "\n".join(map(_error, family(BridgeError)))


def monitoring() -> str:
    """Return what `docs/monitoring.md` says of every metric."""
    return "\n".join(_room(heading, families) for heading, families in ROOMS.items())


PAGES: Mapping[str, Callable[[], str]] = {
    "configuration.md": configuration,
    "commands.md": commands,
    "errors.md": errors,
    "monitoring.md": monitoring,
}


# -- configuration --------------------------------------------------------------------------


def _table(table: Table) -> str:
    lines = [f"## {table.heading}", "", table.meaning, "", "| setting | default | meaning |"]
    lines.append("|---|---|---|")
    for setting in table.settings:
        meaning = _cell(setting.meaning)
        lines.append(f"| `{setting.name}` | {_default(table, setting)} | {meaning} |")
    return "\n".join(lines) + "\n"


def _default(table: Table, setting: Setting) -> str:
    if setting.default is not None:
        return f"`{_cell(setting.default)}`"
    example = _cell(toml(EXAMPLES.get((table.name, setting.name), "…")))
    return f"required, such as `{example}`" if setting.required else f"none, such as `{example}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


# -- commands -------------------------------------------------------------------------------


def _subcommands(above: click.Context) -> Iterator[str]:
    group = above.command
    if not isinstance(group, click.Group):
        return
    for name in group.list_commands(above):
        command = group.get_command(above, name)
        if command is not None:
            context = click.Context(command, info_name=name, parent=above)
            yield _command(context)
            yield from _subcommands(context)


def _command(context: click.Context) -> str:
    command = context.command
    pieces = [context.command_path, *command.collect_usage_pieces(context)]
    lines = [f"## {context.command_path}", "", f"`{' '.join(pieces)}`", ""]
    lines += [dedent(f"    {command.help or ''}").strip().replace("\n    ", "\n"), ""]
    options = [option for option in command.params if isinstance(option, click.Option)]
    if options:
        lines += ["| option | meaning |", "|---|---|", *map(_option, options), ""]
    return "\n".join(lines)


def _option(option: click.Option) -> str:
    names = ", ".join(option.opts + option.secondary_opts)
    takes = "" if option.is_flag else f" {option.make_metavar(click.Context(program))}"
    default = f" (default: {option.default})" if option.show_default else ""
    return f"| `{_cell(names + takes)}` | {_cell(option.help or '')}{default} |"


# -- errors ---------------------------------------------------------------------------------


def family(kind: type[BridgeError]) -> Iterator[type[BridgeError]]:
    """Yield `kind` and all of ours that descend from it, each parent before its children."""
    yield kind
    for child in kind.__subclasses__():
        if child.__module__ == BridgeError.__module__:
            yield from family(child)


def _error(kind: type[BridgeError]) -> str:
    meaning = (kind.__doc__ or "").strip().splitlines()[0]
    status = next((STATUS[parent] for parent in kind.__mro__ if parent in STATUS), None)
    told = f"`{kind.__name__}`" + (f", HTTP {status}" if status else "")
    lines = [f"## {kind.code}", "", f"{meaning} ({told})", ""]
    if kind.hint:
        lines += [f"What to do: {kind.hint}", ""]
    return "\n".join(lines)


# -- monitoring -----------------------------------------------------------------------------


def _room(heading: str, families: Sequence[Family]) -> str:
    lines = [f"### {heading}", "", "| metric | kind | labels | meaning |", "|---|---|---|---|"]
    for family in families:
        labels = ", ".join(f"`{label}`" for label in family.labels) or "none"
        lines.append(f"| `{family.name}` | {family.kind} | {labels} | {_cell(family.meaning)} |")
    return "\n".join(lines) + "\n"


# -- writing --------------------------------------------------------------------------------


def renewed(page: str, name: str) -> str:
    """Return a page whose made part is made anew."""
    written, mark, _ = page.partition(MARK)
    if not mark:
        raise ValueError(f"{name} has no line {MARK!r}")
    return f"{written}{MARK}\n{PAGES[name]()}"


def write(folder: Path) -> None:
    """Renew every page in `folder`."""
    for name in PAGES:
        path = folder / name
        path.write_text(renewed(path.read_text(encoding="utf-8"), name), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
