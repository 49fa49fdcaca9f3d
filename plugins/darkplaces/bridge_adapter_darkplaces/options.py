"""What a source of this adapter may say in `options = {…}`.

In: the settings' table. Out: checked options. Knows nothing of lines.
"""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Group = Literal["kills", "flags", "matches", "deaths"]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{name!r} is no timezone such as Europe/Berlin") from None
    return name


class DarkPlacesOptions(BaseModel):
    """The options of a source; all have defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    timezone: Annotated[str, AfterValidator(_zone)] = Field(
        "UTC", description="Timezone of the server's clock, which writes the :time: lines."
    )
    events: tuple[Group, ...] = Field(
        ("kills", "flags", "matches"), description="Kinds of events that are passed on."
    )
