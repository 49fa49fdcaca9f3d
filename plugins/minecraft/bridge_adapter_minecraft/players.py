"""Which UUIDs are players.

In: the text of a UUID. Out: `minecraft:<uuid>`, or a refusal. Knows nothing of logs or files.
"""

from uuid import UUID

from bridge import FieldProblem, MessageRejected


def player(uuid: str, *, offline_mode: bool) -> str:
    """Return the player of a dashed UUID.

    Version 4 is a Mojang account. Version 3 is made from the name by a server in offline mode:
    anybody who takes the name has it.

    Raises:
        MessageRejected: it is of another version, or of version 3 without `offline_mode`.
    """
    version = UUID(uuid).hex[12]
    if version == "4" or (version == "3" and offline_mode):
        return f"minecraft:{uuid.lower()}"
    if version == "3":
        raise _refused("is made from the name, in offline mode; offline_mode = true allows it")
    raise _refused("belongs to no Mojang account")


def _refused(detail: str) -> MessageRejected:
    return MessageRejected(f"a player's UUID {detail}", fields=[FieldProblem("/player", detail)])
