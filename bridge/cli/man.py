"""The manual pages, made from the same help and models as the pages in `docs/`.

In: the commands, the settings' models, a date. Out: roff, one page a command and one for the
configuration file. `python -m bridge.cli.man FOLDER` writes them. Knows nothing of packages.
"""

import os
import re
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent

import click

from bridge.cli.init.template import Setting, Table, tables
from bridge.cli.program import program

_NAME = "campaign-bridge"
_CONFIG = f"{_NAME}.toml.5"

_FILES = """\
.SH FILES
.TP
.I /etc/campaign-bridge/config.toml
the configuration, see
.BR campaign-bridge.toml (5)
.TP
.I /var/lib/campaign-bridge
the outbox and its backups
.TP
.I /run/campaign-bridge/control.sock
where commands ask the running daemon
"""

_ABOUT_CONFIG = """\
.SH DESCRIPTION
A TOML file. Relative paths are relative to its folder.
After a change: campaign\\-bridge check, then systemctl reload campaign\\-bridge.
"""

_EXIT = """\
.SH EXIT STATUS
0 done, 1 refused or failed, 2 wrong usage, 130 interrupted.
"""


def manual(date: str) -> Mapping[str, str]:
    """Return every page: file name → roff, dated `date`."""
    pages = {f"{_file(context)}.1": _page(context, date) for context in contexts()}
    return pages | {_CONFIG: _configuration(date)}


def contexts() -> list[click.Context]:
    """Return every command with its place, groups before their members."""
    top = click.Context(program, info_name=_NAME)
    return [top, *_below(top)]


def _below(above: click.Context) -> Iterator[click.Context]:
    group = above.command
    if not isinstance(group, click.Group):
        return
    for name in group.list_commands(above):
        command = group.get_command(above, name)
        if command is not None:
            context = click.Context(command, info_name=name, parent=above)
            yield context
            yield from _below(context)


def _file(context: click.Context) -> str:
    return context.command_path.replace(" ", "-")


# -- a command ------------------------------------------------------------------------------


def _page(context: click.Context, date: str) -> str:
    command = context.command
    help_text = dedent(f"    {command.help or ''}").strip()
    summary = help_text.partition("\n")[0].rstrip(".")
    parts = [
        _head(_file(context), "1", date, "User commands"),
        f".SH NAME\n{_text(_file(context))} \\- {_text(summary)}\n",
        _synopsis(context),
        ".SH DESCRIPTION\n" + _paragraphs(help_text),
        _options(context),
        _members(context),
        _EXIT,
        _FILES if context.parent is None else "",
        _see_also(context),
    ]
    return "".join(parts)


def _head(name: str, section: str, date: str, of: str) -> str:
    return f'.TH "{_text(name.upper())}" {section} "{date}" "{_NAME}" "{of}"\n.nh\n.ad l\n'


def _synopsis(context: click.Context) -> str:
    pieces = " ".join(context.command.collect_usage_pieces(context))
    return f".SH SYNOPSIS\n.B {_text(context.command_path)}\n{_text(pieces)}\n"


def _options(context: click.Context) -> str:
    options = [param for param in context.command.params if isinstance(param, click.Option)]
    return ".SH OPTIONS\n" + "".join(map(_option, options)) if options else ""


def _option(option: click.Option) -> str:
    names = ", ".join(option.opts + option.secondary_opts)
    takes = "" if option.is_flag else f" {option.make_metavar(click.Context(program))}"
    default = f" Default: {option.default}." if option.show_default else ""
    return f".TP\n.B {_text(names + takes)}\n{_text(((option.help or '') + default).strip())}\n"


def _members(context: click.Context) -> str:
    group = context.command
    if not isinstance(group, click.Group):
        return ""
    lines = [".SH COMMANDS\n"]
    for name in group.list_commands(context):
        member = group.get_command(context, name)
        told = "" if member is None else member.get_short_help_str(200)
        lines.append(f".TP\n.BR {_text(_file(context))}\\-{_text(name)} (1)\n{_text(told)}\n")
    return "".join(lines)


def _see_also(context: click.Context) -> str:
    above = f"{_text(_file(context.parent))} (1)" if context.parent else f"{_NAME}.toml (5)"
    return f".SH SEE ALSO\n.BR {above}\n"


# -- the configuration ----------------------------------------------------------------------


def _configuration(date: str) -> str:
    parts = [
        _head(f"{_NAME}.toml", "5", date, "File formats"),
        f".SH NAME\n{_NAME}.toml \\- configuration of campaign\\-bridge\n",
        ".SH SYNOPSIS\n.I /etc/campaign\\-bridge/config.toml\n",
        _ABOUT_CONFIG,
        *map(_table, tables()),
        f".SH SEE ALSO\n.BR {_NAME} (1)\n",
    ]
    return "".join(parts)


def _table(table: Table) -> str:
    head = f".SH {_text(table.heading)}\n{_text(table.meaning)}\n"
    return head + "".join(map(_setting, table.settings))


def _setting(setting: Setting) -> str:
    default = f" Default: {setting.default}" if setting.default is not None else ""
    required = " Required." if setting.required else ""
    return f".TP\n.B {_text(setting.name)}\n{_text(setting.meaning + required + default)}\n"


# -- roff -----------------------------------------------------------------------------------


def _paragraphs(text: str) -> str:
    # Click's \b keeps the lines of a paragraph as they are.
    pieces = [dedent(piece) for piece in re.split(r"\n\s*\n", text)]
    return ".PP\n".join(_paragraph(piece) for piece in pieces)


def _paragraph(text: str) -> str:
    if text.startswith("\b"):
        return f".nf\n{_text(text[1:].strip())}\n.fi\n"
    return f"{_text(text)}\n"


def _text(text: str) -> str:
    """Return `text` so that roff shows it as it is: no escapes, no requests, plain hyphens."""
    plain = text.replace("\\", "\\e").replace("-", "\\-").replace("~", "\\(ti")
    plain = plain.replace("^", "\\(ha").replace("`", "\\(ga").replace('"', "\\(dq")
    return re.sub(r"^(?=[.'])", r"\\&", plain, flags=re.MULTILINE)


def write(folder: Path, date: str) -> None:
    """Write every page into `folder`, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in manual(date).items():
        (folder / name).write_text(page, encoding="utf-8")


def _today() -> str:
    """Return the date that pages carry: of $SOURCE_DATE_EPOCH, so that builds can be repeated."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    moment = datetime.fromtimestamp(int(given), UTC) if given else datetime.now(UTC)
    return f"{moment:%Y-%m-%d}"


if __name__ == "__main__":
    write(Path(sys.argv[1]), _today())
