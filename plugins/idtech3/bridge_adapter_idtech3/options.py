"""What a source of this adapter may say in `options = {…}`.

In: the settings' table. Out: checked options. Knows nothing of lines.
"""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Group = Literal["awards", "flags", "kills", "matches", "deaths"]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{name!r} is no timezone such as Europe/Berlin") from None
    return name


class IdTech3Options(BaseModel):
    """The options of a source; all have defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    timezone: Annotated[str, AfterValidator(_zone)] = Field(
        "UTC", description="Timezone of the server's clock, which writes g_timestamp."
    )
    events: tuple[Group, ...] = Field(
        ("awards", "flags", "kills", "matches"), description="Kinds of events that are passed on."
    )
