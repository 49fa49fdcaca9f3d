"""What the systemd units call the things of one configuration.

In: the path of a configuration. Out: names of units, folders and programs. Whether a systemd runs
here, it does not know.
"""

import shlex
from pathlib import Path
from typing import Final

APP: Final = "campaign-bridge"
#: As it stands in hints; whoever knows configuration and command puts them in place.
AS_SERVICE: Final = f"{APP}-as-service COMMAND"
_ETC: Final = Path("/etc") / APP


def instance_of(config: Path) -> str:
    """Return NAME for the configuration of campaign-bridge@NAME; empty for every other one."""
    folder = config.parent
    return folder.name if config.name == "config.toml" and folder.parent == _ETC else ""


def unit_of(config: Path) -> str:
    """Return the unit of a configuration, without its ending: `campaign-bridge@eu`."""
    instance = instance_of(config)
    return f"{APP}@{instance}" if instance else APP


def units_of(config: Path) -> str:
    """Return what must be stopped, so that nothing starts the daemon again."""
    unit = unit_of(config)
    return f"{unit}.socket {unit}.service"


def runtime_of(config: Path) -> Path:
    """Return the folder of the control socket that the unit of a configuration makes."""
    return Path("/run") / unit_of(config).replace("@", "-")


def as_service(config: Path, *command: str) -> str:
    """Return how root runs a command as the unit of a configuration would."""
    instance = instance_of(config)
    named = ["--instance", instance] if instance else []
    return shlex.join([f"{APP}-as-service", *named, *command])
