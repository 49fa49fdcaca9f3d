"""Which machine this is: to notice a ledger that was copied to another one.

In: a root folder. Out: a text to compare. The machine's own id is never kept or shown, only a hash
of it that no other program makes (machine-id(5) asks for that).
"""

import hashlib
import hmac
from pathlib import Path
from typing import Final

_SALT: Final = b"campaign-bridge witness of a ledger"
_IDS: Final = ("etc/machine-id", "var/lib/dbus/machine-id")
#: A file of which one tells that this is a container, whose id changes with its image.
_CONTAINERS: Final = ("run/.containerenv", ".dockerenv", "run/systemd/container")
_GROUPS: Final = ("docker", "kubepods", "containerd", "lxc", "libpod")


def machine_id(root: Path = Path("/")) -> str | None:
    """Return what tells this machine from others; None in a container, or where nothing does."""
    if _in_container(root):
        return None
    for name in _IDS:
        text = _text(root / name).strip()
        if text and text != "uninitialized":
            return hmac.new(text.encode(), _SALT, hashlib.sha256).hexdigest()[:32]
    return None


def _in_container(root: Path) -> bool:
    if any((root / name).exists() for name in _CONTAINERS):
        return True
    if "\0container=" in "\0" + _text(root / "proc/1/environ"):
        return True
    return any(group in _text(root / "proc/1/cgroup") for group in _GROUPS)


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
