"""What the system refuses to this user: said with who may, not as a fault of the program.

In: a `PermissionError`, or an error that it caused. Out: the error that is told.
"""

import os

from bridge.errors import BridgeError, CommandError


def not_allowed(denied: PermissionError) -> BridgeError:
    """Return what is told of a file that this user may not open."""
    if denied.filename is None:
        return CommandError(f"the system refused it: {denied}", hint=way_in())
    return CommandError(f"this user may not open {denied.filename}", hint=way_in())


def with_way_in(error: BridgeError) -> BridgeError:
    """Return an error; where its cause is such a refusal, with the hint that this user needs."""
    if isinstance(error.__cause__, PermissionError) and error.hint == type(error).hint:
        error.hint = way_in()
    return error


def way_in() -> str:
    """Say who may, or where the service finds what it is given."""
    state = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    if state:
        return (
            "The service sees little of this machine. Copy the file to where it may read: "
            f"install -m 644 FILE {state}/, and name that one."
        )
    return "Run it as root (sudo), or as the daemon's own user."
