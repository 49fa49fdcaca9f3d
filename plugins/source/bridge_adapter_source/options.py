"""What a source that uses this adapter may say in `options = {…}`.

In: the settings' values. Out: a frozen model. Knows nothing of lines.
"""

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator

#: Deeds that stock games and achievement plugins log for one player, none of them every second.
TRIGGERED = (
    "achievement_*",
    "Planted_The_Bomb",
    "Defused_The_Bomb",
    "Rescued_A_Hostage",
    "domination",
    "revenge",
)

Pattern = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^\"]*$")]


class SourceOptions(BaseModel):
    """What a source may say in `options = {…}`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    timezone: str = Field("UTC", description="IANA name of the zone that the log's times are in.")
    triggered: tuple[Pattern, ...] = Field(
        TRIGGERED,
        description='Which `"player" triggered "x"` lines count; `*` and `?` as in files.',
    )
    free_for_all: bool = Field(
        False, description="Whether killing somebody of one's own team is a kill like others."
    )
    bots: bool = Field(True, description="Whether killing bots, or being killed by them, counts.")
    accolades: bool = Field(True, description="Whether ACCOLADE lines, which only name, count.")

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ValueError, OSError, LookupError):
            raise ValueError("is no timezone; write an IANA name, such as Europe/Berlin") from None
        return name
