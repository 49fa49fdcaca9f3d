"""Where the configuration, the state and the secrets lie, and how they are read.

In: paths and the environment. Out: `Settings`, or a `SettingsError` that names each bad place.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote, unquote

import platformdirs
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsError as EnvironmentUnreadable

from bridge.errors import SettingsError, SettingsMissing
from bridge.settings.models import ENV_PREFIX, OutboxSettings, Settings
from bridge.settings.units import APP, AS_SERVICE, runtime_of

SYSTEM_CONFIG = Path("/etc/campaign-bridge/config.toml")
SYSTEM_RUNTIME = runtime_of(SYSTEM_CONFIG)
#: The name of the daemon's control socket, in its runtime folder.
CONTROL_SOCKET = "control.sock"
#: A secret's place may be written so: its name is looked for in `$CREDENTIALS_DIRECTORY`.
CREDENTIAL = "credential:"
_ONE_LINE = "It must hold one line of printable ASCII without spaces."
_SQLITE = "sqlite:///"
#: The tables of which there may be several.
_LISTS = ("tokens", "campaigns", "rules", "sources")

# -- where things lie -----------------------------------------------------------------------


def config_path(given: Path | None = None, system: Path = SYSTEM_CONFIG) -> Path:
    """Return the configuration file: `given`, else the variable, else /etc, else the user's.

    Raises:
        SettingsError: it lies in the home folder of nobody.
    """
    named = os.environ.get(f"{ENV_PREFIX}CONFIG")
    if given is not None or named:
        return _placed(Path(given or named or ""), Path.cwd())
    if os.path.lexists(system):  # what may not be looked at is there all the same
        return system
    return Path(platformdirs.user_config_dir(APP)) / "config.toml"


def state_dir() -> Path:
    """Return the folder of the outbox: `$STATE_DIRECTORY` under systemd, else the user's."""
    given = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    return Path(given) if given else Path(platformdirs.user_state_dir(APP))


def outbox_path(settings: OutboxSettings) -> Path:
    """Return the outbox file that the settings name."""
    if settings.url is None:
        return state_dir() / "outbox.db"
    return _file_of(settings.url).absolute()


def _file_of(url: str) -> Path:
    return Path(unquote(url.removeprefix(_SQLITE)))


def _placed(path: Path, folder: Path) -> Path:
    """Return `path` made absolute, against `folder`."""
    try:
        return folder.absolute() / path.expanduser()
    except RuntimeError as homeless:
        raise SettingsError(f"the path {path} can't be used: {homeless}") from homeless


# -- reading --------------------------------------------------------------------------------


def load_settings(path: Path) -> Settings:
    """Read `path` and lay `CAMPAIGN_BRIDGE_…` variables over it.

    Relative paths in the file are relative to its folder.

    Raises:
        SettingsError: it is missing, no TOML, or holds something unknown or wrong; the message
            names each place.
    """
    data = _read_toml(path)
    if odd := [name for name in data if name.startswith("_")]:  # would steer pydantic itself
        raise _unusable(path, [f"{name}: no such setting" for name in odd])
    if single := [name for name in _LISTS if isinstance(data.get(name), dict)]:
        line = f"[{single[0]}] stands in single brackets"
        raise SettingsError(str(_unusable(path, [line])), hint=_several(single[0]))
    try:
        settings = Settings(**data)
    except EnvironmentUnreadable as failure:
        raise SettingsError(
            f"a {ENV_PREFIX}… variable can't be used: {failure}",
            hint='Write lists and tables in variables as JSON, such as ["a", "b"].',
        ) from failure
    except ValidationError as failure:
        lines = [f"{_place(error)}: {_reason(error)}" for error in failure.errors()]
        raise _unusable(path, lines) from failure
    return _beside(settings, path.parent)


def _unusable(path: Path, lines: Sequence[str]) -> SettingsError:
    return SettingsError("\n  ".join([f"{path} can't be used:", *lines]))


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors put a BOM first
    except FileNotFoundError as missing:
        raise SettingsMissing(f"there is no configuration at {path}") from missing
    except (OSError, UnicodeDecodeError) as failure:
        raise SettingsError(f"{path} can't be read: {failure}") from failure
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as failure:
        raise _no_toml(path, text, str(failure)) from failure


def _no_toml(path: Path, text: str, told: str) -> SettingsError:
    """Return what is wrong with a text, with the name that stands there; never with a value."""
    number = re.search(r"at line (\d+)", told)
    lines = text.splitlines()
    line = lines[int(number[1]) - 1] if number and int(number[1]) <= len(lines) else ""
    found = re.match(r"\s*(\[[^]]+\]+|[\w.-]+(?=\s*=))", line)
    name = found[1] if found else ""
    return SettingsError(
        f"{path} is not TOML: {told}{name and f': {name}'}", hint=_mend(told, name)
    )


def _mend(told: str, name: str) -> str | None:
    """Return how to mend what stands twice."""
    if (table := name.strip("[]")) in _LISTS:
        return _several(table)
    if "twice" in told:
        return (
            "That section stands there already (perhaps with a # before each line): change it in "
            "its place."
        )
    if "overwrite" in told or "Duplicate" in told:
        return "It stands twice in its section: remove one of the two."
    return None


def _several(table: str) -> str:
    return f"There may be several of them: write [[{table}]], each time."


def _place(error: ErrorDetails) -> str:
    """Return where a mistake stands: in a variable, or in the file, counting from 1."""
    variable = ENV_PREFIX + "__".join(map(str, error["loc"])).upper()
    if variable in os.environ:
        return variable
    parts = [f"{part + 1}" if isinstance(part, int) else str(part) for part in error["loc"]]
    if not parts:
        return "settings"
    *tables, last = parts
    return f"[{'.'.join(tables)}] {last}" if tables else last


def _reason(error: ErrorDetails) -> str:
    if error["type"] != "extra_forbidden":
        return error["msg"].removeprefix("Value error, ")
    close = difflib.get_close_matches(str(error["loc"][-1]), _names_at(error["loc"][:-1]), n=1)
    return "no such setting" + (f"; did you mean {close[0]!r}?" if close else "")


def _names_at(loc: tuple[int | str, ...]) -> list[str]:
    """Return the names that are known where an unknown one stood."""
    model: type[BaseModel] = Settings
    for part in loc:
        kind: Any = model.model_fields[part].annotation if isinstance(part, str) else model
        model = next(iter(get_args(kind)), kind)
    return list(model.model_fields)


def _beside(settings: Settings, folder: Path) -> Settings:
    """Make relative paths absolute, against the folder of the configuration file."""

    def place(path: Path | None) -> Path | None:
        return None if path is None else _placed(path, folder)

    def secret(path: Path | None) -> Path | None:
        return path if path is not None and is_credential(path) else place(path)

    http, adapters, url = settings.http, settings.adapters, settings.outbox.url
    return settings.model_copy(
        update={
            "http": http.model_copy(
                update={"unix": place(http.unix), "token_file": secret(http.token_file)}
            ),
            "outbox": settings.outbox.model_copy(
                update={"url": url and _SQLITE + quote(str(_placed(_file_of(url), folder)))}
            ),
            "tokens": tuple(
                token.model_copy(update={"file": secret(token.file)}) for token in settings.tokens
            ),
            "adapters": adapters.model_copy(
                update={"plugins_dir": place(adapters.plugins_dir or Path("plugins"))}
            ),
            "campaigns": tuple(
                campaign.model_copy(
                    update={
                        "api_key_file": secret(campaign.api_key_file),
                        "webhook_secret_files": tuple(map(secret, campaign.webhook_secret_files)),
                    }
                )
                for campaign in settings.campaigns
            ),
            "sources": tuple(
                source.model_copy(
                    update={
                        "file": place(source.file),
                        "state_files": place(source.state_files),
                        "token_file": secret(source.token_file),
                    }
                )
                for source in settings.sources
            ),
        }
    )


def read_secret(path: Path, what: str) -> str:
    """Read a secret from its file, or of systemd's credentials; white space around doesn't count.

    Raises:
        SettingsError: it is missing, unreadable, empty or not one line of printable ASCII. The
            secret itself is never in the message.
    """
    told = f"{what} {path}"
    named, path = path, secret_path(path, what)
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as failure:
        reason = failure.strerror if isinstance(failure, OSError) else "it is not text"
        raise SettingsError(
            f"{told} can't be read: {reason}",
            hint="Create the file, readable by the daemon's user only (chmod 600).",
        ) from failure
    if not secret or not secret.isascii() or not secret.isprintable() or " " in secret:
        raise SettingsError(f"{told} holds no usable secret", hint=f"{_source(named)}{_ONE_LINE}")
    return secret


def _source(path: Path) -> str:
    """Say which file is meant by a credential: systemd hands over a copy of it."""
    if not is_credential(path):
        return ""
    name = str(path).removeprefix(CREDENTIAL)
    return (
        f"LoadCredential={name}: in the unit names its file, usually "
        f"/etc/campaign-bridge/{name} (of an instance, /etc/campaign-bridge/INSTANCE/{name}); "
        "it is read when the daemon starts, so restart it after a change. "
    )


def secret_path(path: Path, what: str) -> Path:
    """Return the file that holds a secret: for a credential, the one that systemd made.

    Raises:
        SettingsError: there is no such credential.
    """
    return _credential(path, what) if is_credential(path) else path


def is_credential(path: Path) -> bool:
    """Whether a secret is handed over by systemd, which does so when the daemon starts."""
    return str(path).startswith(CREDENTIAL)


def _credential(path: Path, what: str) -> Path:
    """Return where systemd put a credential; raises `SettingsError` where there is none."""
    name = str(path).removeprefix(CREDENTIAL)
    if not name or "/" in name or name in {".", ".."}:
        raise SettingsError(
            f"{what} {path} names no credential",
            hint="Write credential:NAME, as in LoadCredential=.",
        )
    folder = os.environ.get("CREDENTIALS_DIRECTORY", "")
    if not folder:
        raise SettingsError(
            f"{what} {path} can't be read: there is no CREDENTIALS_DIRECTORY",
            hint=f"Only the service has it, by LoadCredential={name}:… in its unit. Run this as "
            f"it does, as root: {AS_SERVICE}",
        )
    found = Path(folder) / name
    if not found.exists():
        raise SettingsError(
            f"{what} {path} can't be read: {folder} has no credential {name!r}",
            hint=f"Add LoadCredential={name}:/path/of/the/file to the unit, and restart it.",
        )
    return found


def runtime_dirs(config: Path = SYSTEM_CONFIG) -> list[Path]:
    """Return where the control socket of a configuration may lie, the daemon's own choice first."""
    given = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    if given:
        return [Path(given)]
    own, service = _own_runtime_dir(), runtime_of(config)
    return [service, own] if _user() == 0 else [own, service]


def _own_runtime_dir() -> Path:
    """Return the user's own; without a login session the state's folder, never one in /tmp.

    Whoever made a folder in /tmp first could listen there in the daemon's place.
    """
    session = Path(f"/run/user/{_user()}")
    if os.environ.get("XDG_RUNTIME_DIR") or session.is_dir():
        return Path(platformdirs.user_runtime_dir(APP))
    return state_dir() / "run"


def _user() -> int:
    """Return the user's number; systems without one have nobody's."""
    return os.geteuid() if hasattr(os, "geteuid") else -1
