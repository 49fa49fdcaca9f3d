"""What a sandbox is started with.

In: values from the command line or a test. Out: one frozen model. Knows nothing of sockets.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from bridge.sandbox.faults import checked
from bridge.sandbox.readings import (
    ANSWER_LOST_HOLD,
    IDEMPOTENCY_RETENTION,
    JOB_DELAY,
    LATE_ARRIVAL_DELAY,
    LINK_LIFETIME,
    SECRET_OVERLAP,
    WEBHOOK_TIMEOUT,
    WEBHOOK_WAITS,
    InsufficientFunds,
    StartWhenActive,
    WhenNotActive,
)

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class SandboxSettings(BaseModel):
    """Where a sandbox listens and keeps its books, and how it reads what Oncade leaves open."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", description="A loopback address; others are refused.")
    port: int = Field(8798, ge=0, le=65535, description="The port; 0 takes a free one.")
    db: Path | None = Field(
        None, description="The SQLite file; without one a temporary file, removed at exit."
    )
    admin_token: str | None = Field(
        None, min_length=1, repr=False, description="For /sandbox/v1; made up when left out."
    )
    seed: int | None = Field(None, description="Makes the faults repeat themselves.")
    faults: Mapping[str, float] = Field(
        default_factory=dict, description="Probabilities (latency: seconds) by the fault's name."
    )
    job_delay: Seconds = Field(JOB_DELAY, description="Seconds from a 202 to its effect.")
    idempotency_retention: Seconds = Field(
        IDEMPOTENCY_RETENTION, description="Seconds that a stored answer is kept."
    )
    store_errors: bool = Field(
        default=False, description="Whether refusals are stored under their key, too."
    )
    start_when_active: StartWhenActive = Field(
        StartWhenActive.REFUSE, description="What a start of an Active campaign is answered."
    )
    insufficient_funds: InsufficientFunds = Field(
        InsufficientFunds.FAIL_IN_JOB,
        description="Whether the payout fails after its 202, or the event is refused.",
    )
    not_active: WhenNotActive = Field(
        WhenNotActive.REFUSE,
        description="Whether an event while not Active is refused, or fails after its 202.",
    )
    link_lifetime: Seconds = Field(
        LINK_LIFETIME, description="Seconds that a player has to approve a link."
    )
    webhook_waits: tuple[Seconds, ...] = Field(
        WEBHOOK_WAITS, description="Seconds until each next try of a webhook."
    )
    webhook_timeout: Seconds = Field(
        WEBHOOK_TIMEOUT, gt=0, description="Seconds that a receiver of webhooks has to answer."
    )
    secret_overlap: Seconds = Field(
        SECRET_OVERLAP, description="Seconds that a rotated webhook secret stays valid."
    )
    late_arrival_delay: Seconds = Field(
        LATE_ARRIVAL_DELAY, description="Seconds until a late request is handled."
    )
    answer_lost_hold: Seconds = Field(
        ANSWER_LOST_HOLD, description="Seconds that a lost answer keeps its connection silent."
    )

    @field_validator("faults")
    @classmethod
    def _known_faults(cls, values: Mapping[str, float]) -> dict[str, float]:
        return {fault.value: value for fault, value in checked(values).items()}
