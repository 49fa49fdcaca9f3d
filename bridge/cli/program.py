"""The program: its commands, the options they share, and how an error looks.

In: arguments. Out: a command run. Knows the names of the commands, and what each does only once
it is called.
"""

import importlib
import sys
from pathlib import Path
from typing import Any

import click

from bridge.cli.printing import print_error
from bridge.errors import BridgeError
from bridge.settings.files import config_path

#: Command → the module of this package that defines it, under the same name.
COMMANDS = {
    "demo": "demo",
    "init": "init",
    "check": "check",
    "run": "run",
    "sandbox": "sandbox",
    "status": "status",
    "send": "send",
    "outbox": "outbox",
    "players": "players",
    "adapters": "adapters",
    "translate": "translate",
}


class _Program(click.Group):
    """A group that imports a command only when it is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"bridge.cli.{COMMANDS[cmd_name]}")
        command: click.Command = module.command
        return command


@click.group(cls=_Program, context_settings={"help_option_names": ["-h", "--help"]})
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
    ctx.obj = config_path(config)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; never returns."""
    try:
        code: Any = program.main(arguments, standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.Abort:
        sys.exit(130)
    except click.ClickException as wrong:
        wrong.show()
        sys.exit(wrong.exit_code)
    except BridgeError as error:
        print_error(error)
        sys.exit(1)
    except (KeyboardInterrupt, BrokenPipeError):
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else 0)
