"""What a source may say in `options = {…}`.

In: a table of the settings. Out: validated options. Knows nothing of messages.
"""

import re
from datetime import date
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from bridge_adapter_minecraft.titles import is_advancement, short

_EARLIEST = date(2009, 1, 1)
_LATEST = date(2999, 1, 1)


def _a_zone(name: str) -> str:
    """Refuse what is no time zone; a file of the zone database that is none raises OSError."""
    if not re.fullmatch(r"[A-Za-z0-9+_/-]{1,64}", name):
        raise ValueError("is no IANA name of a time zone, such as Europe/Berlin")
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("is no time zone that this machine knows") from None
    return name


def _an_advancement(text: str) -> str:
    if not is_advancement(text if ":" in text else f"minecraft:{text}"):
        raise ValueError("is no id of an advancement, such as mypack:quests/dragon")
    return short(text)


class MinecraftOptions(BaseModel):
    """The options of a source that reads Minecraft's log or its advancement files."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    believe: Literal["both", "files", "log"] = Field(
        "both", description="What pays: the advancement files, the log's lines, or both."
    )
    offline_mode: bool = Field(
        False, description="Whether UUIDs that are made from the name (version 3) are players."
    )
    link_codes: bool = Field(True, description="Whether `!link CODE` in chat links a player.")
    titles: dict[str, Annotated[str, AfterValidator(_an_advancement)]] = Field(
        default={}, description="Ids of advancements that vanilla does not have, by title."
    )
    timezone: Annotated[str, AfterValidator(_a_zone)] | None = Field(
        None, description="IANA name of the log's time zone."
    )
    day: Annotated[date, Field(ge=_EARLIEST, le=_LATEST)] | None = Field(
        None, description="Day of the log's first line, for a log that is over."
    )

    @model_validator(mode="after")
    def _a_day_needs_a_zone(self) -> "MinecraftOptions":
        if self.day is not None and self.timezone is None:
            raise ValueError("`day` says nothing without `timezone`")
        return self
