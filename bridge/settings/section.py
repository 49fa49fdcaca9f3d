"""What every table of the configuration is: frozen, and closed to unknown names.

In: nothing. Out: the models' base.
"""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """One table of the configuration file: frozen, and closed to unknown names."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
