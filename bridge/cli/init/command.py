"""`campaign-bridge init`: the files, and what to do next."""

import asyncio
import os
import secrets
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import click

from bridge.cli import options
from bridge.cli.init.sandbox import Trial, new_trial
from bridge.cli.init.template import EXAMPLES, Given, config_text
from bridge.cli.printing import print_json, say
from bridge.control.views import Json
from bridge.errors import CommandError
from bridge.settings.files import config_path, load_settings, read_secret
from bridge.settings.units import APP

SANDBOX = "http://127.0.0.1:8798"
ADMIN_TOKEN = "CAMPAIGN_BRIDGE_SANDBOX_ADMIN_TOKEN"  # noqa: S105  # a variable's name

_NOTE = """\
# {unit}.service reads it. A secret credential:NAME is the file NAME beside this one,
# owned by root, mode 0600; others need a LoadCredential= of their own.
# After a change, as root: `{as_service} check`, then `systemctl reload {unit}`.
# A secret that has changed needs `restart`. What needs a secret runs as the service does, too:
# `{as_service} campaign start`.
"""
_HELD = """\
# The addresses of [http] and [udp] are those of campaign-bridge.socket, while it is enabled.
"""

TOKEN, API_KEY = "token", "api-key"


@click.command("init")
@click.option(
    "--sandbox",
    metavar="[URL]",
    is_flag=False,
    flag_value=SANDBOX,
    help=f"Make a campaign in the running sandbox, and a configuration for it.  [{SANDBOX}]",
)
@click.option(
    "--admin-token-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"File with the sandbox's admin token; else ${ADMIN_TOKEN}.",
)
@click.option(
    "--systemd",
    is_flag=True,
    help="For the systemd units: secrets come as credentials, the outbox lies in /var/lib.",
)
@options.as_json
@click.pass_obj
def command(
    config: Path,
    *,
    sandbox: str | None,
    admin_token_file: Path | None,
    systemd: bool,
    as_json: bool,
) -> None:
    """Write a commented configuration with a fresh token beside it. Overwrites nothing.

    With --sandbox the configuration works at once: there is a funded campaign, its API key, two
    users, and an outbox of its own beside the configuration.

    With --systemd it is one for campaign-bridge.service, or in a folder
    /etc/campaign-bridge/NAME for campaign-bridge@NAME.service.
    """
    folder = config.parent
    names = [TOKEN, API_KEY] if sandbox else [TOKEN]
    _refuse_existing([config, *(folder / name for name in names)])
    trial = None
    if sandbox is not None:
        trial = asyncio.run(new_trial(sandbox, _admin_token(admin_token_file)))
    contents = {TOKEN: secrets.token_urlsafe(32)} | ({API_KEY: trial.api_key} if trial else {})
    given = _sandboxed(trial, folder) if trial else _plain()
    text = config_text(_for_units(given, folder), _note(folder)) if systemd else config_text(given)
    _write(config, text, contents)
    load_settings(config)
    if as_json:
        print_json(_view(config, trial))
    else:
        for line in _under_systemd(config, trial) if systemd else _next_steps(config, trial):
            say(line)


def _plain() -> Given:
    names = ("id", "environment", "api_key_file")
    return {
        "http": {"token_file": TOKEN},
        "campaigns": {name: EXAMPLES["campaigns", name] for name in names},
    }


def _sandboxed(trial: Trial, folder: Path) -> Given:
    return {
        "http": {"token_file": TOKEN},
        # Of its own: what the sandbox paid must not be mixed with what real money paid.
        "outbox": {"url": f"sqlite:///{quote(str(folder / 'sandbox-outbox.db'))}"},
        "campaigns": {
            "id": trial.campaign,
            "environment": "test",
            "api_key_file": API_KEY,
            "base_url": trial.base_url,
        },
    }


def _for_units(given: Given, folder: Path) -> Given:
    """Return `given` with the places that the units in `systemd/` have."""
    state = f"/var/lib/{_unit(folder).replace('@', '-')}"
    return {
        **given,
        "http": {"token_file": f"credential:{TOKEN}", "allowed_groups": ["campaign-bridge-games"]},
        "outbox": {"url": f"sqlite:///{state}/outbox.db"},
        "campaigns": {**given["campaigns"], "api_key_file": f"credential:{API_KEY}"},
    }


def _note(folder: Path) -> str:
    unit = _unit(folder)
    return _NOTE.format(unit=unit, as_service=_as_service(unit)) + ("" if "@" in unit else _HELD)


def _unit(folder: Path) -> str:
    """Return the unit whose configuration lies in `folder`: an instance's has its own."""
    return f"{APP}@{folder.name}" if folder.parent.name == APP else APP


def _admin_token(file: Path | None) -> str:
    if file is not None:
        return read_secret(file, "admin token file")
    token = os.environ.get(ADMIN_TOKEN, "").strip()
    if not token:
        raise CommandError(
            "the sandbox's admin token is missing",
            hint=f"Name its file with --admin-token-file, or set {ADMIN_TOKEN}; "
            "`campaign-bridge sandbox` prints the token when it starts.",
        )
    return token


# -- files ----------------------------------------------------------------------------------


def _refuse_existing(paths: list[Path]) -> None:
    for path in paths:
        if os.path.lexists(path):
            raise CommandError(
                f"{path} is there already; nothing was changed",
                hint="Move it away, or name another place with --config.",
            )


def _write(config: Path, text: str, contents: Mapping[str, str]) -> None:
    try:
        config.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        for name, secret in contents.items():
            _write_new(config.parent / name, f"{secret}\n", 0o600)
        _write_new(config, text, 0o644)
    except OSError as failure:
        raise CommandError(
            f"{failure.filename or config.parent} can't be written: {failure.strerror}",
            hint="Name another place with --config, or run this as a user who may write there.",
        ) from failure


def _write_new(path: Path, text: str, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


# -- what is said ---------------------------------------------------------------------------


def _view(config: Path, trial: Trial | None) -> Json:
    view: Json = {"config": str(config), "token_file": str(config.parent / TOKEN)}
    if trial is None:
        return view
    return view | {
        "api_key_file": str(config.parent / API_KEY),
        "campaign": trial.campaign,
        "users": list(trial.users),
    }


def _next_steps(config: Path, trial: Trial | None) -> Iterator[str]:
    program = "campaign-bridge"
    if config != config_path():
        program += f" --config {shlex.quote(str(config))}"
    yield f"wrote {config}"
    yield f"wrote {config.parent / TOKEN}: your game sends it as `Authorization: Bearer …`"
    if trial is None:
        yield from _by_hand(config, program)
    else:
        yield from _at_once(config, trial, program)


def _under_systemd(config: Path, trial: Trial | None) -> Iterator[str]:
    unit = _unit(config.parent)
    yield f"wrote {config}"
    yield f"wrote {config.parent / TOKEN}: your game sends it as `Authorization: Bearer …`"
    if trial is not None:
        yield f"wrote {config.parent / API_KEY}: the key of campaign {trial.campaign}"
        yield f"users {', '.join(trial.users)}"
    yield ""
    yield "next:"
    if "@" in unit:
        yield f"  write addresses that no other bridge has into [http] and [udp] of {config}"
    if trial is None:
        yield f"  write your campaign's id and environment into {config}"
        yield f"  umask 077; cat > {config.parent / API_KEY}   # paste the API key, then Ctrl-D"
    yield f"  {_as_service(unit)} check"
    yield f"  systemctl enable --now {unit}"


def _as_service(unit: str) -> str:
    _, at, instance = unit.partition("@")
    return f"{APP}-as-service" + (f" --instance {shlex.quote(instance)}" if at else "")


def _by_hand(config: Path, program: str) -> Iterator[str]:
    key = shlex.quote(str(config.parent / API_KEY))
    yield ""
    yield "next:"
    yield f"  1. write your campaign's id and environment into {config}"
    yield f"  2. umask 077; cat > {key}   # paste the campaign's API key, then Ctrl-D"
    yield f"  3. {program} check"
    yield f"  4. {program} run"


def _at_once(config: Path, trial: Trial, program: str) -> Iterator[str]:
    yield f"wrote {config.parent / API_KEY}: the key of campaign {trial.campaign}"
    yield f"users {', '.join(trial.users)}"
    yield ""
    yield "next:"
    yield f"  {program} check"
    yield f"  {program} run"
    yield "and in another terminal:"
    yield f"  {program} players link name:Alice {trial.users[0]}"
    yield f"  {program} send name:Alice first_blood --wait 10"
