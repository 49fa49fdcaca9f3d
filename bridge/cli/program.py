"""The program: its commands, the options they share, and how an error looks.

In: arguments. Out: a command run. Knows the names of the commands, and what each does only once
it is called.
"""

import importlib
import logging
import os
import sys
import traceback
from pathlib import Path
from typing import Any

import click

from bridge.cli.logs import log_to_stderr
from bridge.cli.printing import (
    AS_THE_SERVICE,
    PRINTED,
    complain,
    error_json,
    print_error,
    print_json,
)
from bridge.cli.refused import not_allowed, with_way_in
from bridge.errors import BridgeError
from bridge.loading import uncollected
from bridge.settings.files import config_path
from bridge.settings.units import as_service

#: Command → the module of this package that defines it, under the same name.
COMMANDS = {
    "demo": "demo",
    "init": "init",
    "check": "check",
    "run": "run",
    "reload": "reload",
    "sandbox": "sandbox",
    "status": "status",
    "send": "send",
    "outbox": "outbox",
    "players": "players",
    "reconcile": "reconcile",
    "probe-idempotency": "probe",
    "campaign": "campaign",
    "adapters": "adapters",
    "translate": "translate",
    "replay": "replay",
    "support-bundle": "support",
}

#: Where the arguments are kept.
_GIVEN = f"{__name__}.given"
#: Set to 1, an error that nobody foresaw shows where it happened.
TRACEBACK = "CAMPAIGN_BRIDGE_TRACEBACK"


class _Program(click.Group):
    """A group that imports a command only when it is named, and remembers how it was called."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[_GIVEN] = list(args)
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        with uncollected():
            module = importlib.import_module(f"bridge.cli.{COMMANDS[cmd_name]}")
        command: click.Command = module.command
        return command


@click.group(
    cls=_Program,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="campaign-bridge", prog_name="campaign-bridge")
@click.option(
    "--config",
    "config",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="CAMPAIGN_BRIDGE_CONFIG",
    help="The configuration file; default: /etc/campaign-bridge/config.toml, else the user's.",
)
@click.pass_context
def program(ctx: click.Context, config: Path | None) -> None:
    """Carry a game server's achievements to the Oncade Campaigns API, each paid exactly once."""
    log_to_stderr(logging.WARNING)
    ctx.obj = config_path(config)
    AS_THE_SERVICE.set(as_service(ctx.obj, *_named(ctx)))


def _named(ctx: click.Context) -> list[str]:
    """Return the command with its arguments."""
    given, name = ctx.meta[_GIVEN], ctx.invoked_subcommand
    return list(given[given.index(name) :]) if name in given else ["COMMAND"]


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; never returns.

    Under `--json` an error is a document on stdout as well, unless the result stands there.
    """
    given = sys.argv[1:] if arguments is None else arguments
    as_json = "--json" in given
    PRINTED.set(False)
    try:
        code: Any = program.main(arguments, prog_name="campaign-bridge", standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except click.ClickException as wrong:
        _print_misuse(wrong, as_json=as_json)
        sys.exit(wrong.exit_code)
    except BridgeError as error:
        _print_foreseen(with_way_in(error), as_json=as_json)
        sys.exit(1)
    except PermissionError as denied:
        _print_foreseen(not_allowed(denied), as_json=as_json)
        sys.exit(1)
    except Exception as unforeseen:  # noqa: BLE001  # no traceback reaches an operator unasked
        _print_unforeseen(unforeseen, as_json=as_json)
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


def _print_foreseen(error: BridgeError, *, as_json: bool) -> None:
    print_error(error)
    _tell(error_json(error), as_json=as_json)


def _tell(document: dict[str, Any], *, as_json: bool) -> None:
    if as_json and not PRINTED.get():
        print_json(document)


def _print_misuse(wrong: click.ClickException, *, as_json: bool) -> None:
    ctx = wrong.ctx if isinstance(wrong, click.UsageError) else None
    if ctx is not None:
        click.echo(ctx.get_usage(), err=True)
    hint = f"See `{ctx.command_path} --help`." if ctx is not None else ""
    complain(wrong.format_message(), hint)
    _tell({"error": wrong.format_message(), "code": "usage", "hint": hint}, as_json=as_json)


def _print_unforeseen(error: Exception, *, as_json: bool) -> None:
    if os.environ.get(TRACEBACK) == "1":
        traceback.print_exception(error)
    text = " ".join(str(error).split())
    kind = type(error).__name__
    told = f"{kind}: {text} (unexpected)" if text else f"{kind} (unexpected)"
    hint = f"Please report it; {TRACEBACK}=1 before the command shows where it happened."
    complain(told, hint)
    _tell({"error": told, "code": "unexpected", "hint": hint}, as_json=as_json)
