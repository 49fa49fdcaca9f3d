"""Sources: where an engine's own messages come from, and which adapter reads them.

In: what the file says of a source. Out: a frozen model, closed to unknown names.
"""

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from bridge.events import Identity
from bridge.settings.kinds import Address
from bridge.settings.section import Section


def _network(text: str) -> str:
    try:
        ip_network(text, strict=False)
    except ValueError as no_network:
        raise ValueError(
            'write an address or a network, such as "10.0.0.7" or "10.0.0.0/24"'
        ) from no_network
    return text


class SourceSettings(Section):
    """One source of an engine's own messages: posted, sent by UDP, or read from a log."""

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$",
        description="Its name; what it has paid hangs on it, so it stays as it is for ever.",
    )
    adapter: str = Field(
        min_length=1, description="The adapter that reads it; `adapters list` shows them."
    )
    http: bool = Field(
        False, description="It posts to /v1/messages/NAME; so does one without udp and file."
    )
    udp: Address | None = Field(None, description="Address and port where its datagrams come.")
    file: Path | None = Field(
        None, description="Its log; a glob such as L*.log where each map has a file of its own."
    )
    state_files: Path | None = Field(
        None, description="Glob of files that are rewritten whole, such as advancements/*.json."
    )
    rotated: tuple[str, ...] = Field(
        (), description="Globs of the names that old logs get, where they aren't the usual ones."
    )
    start: Literal["end", "beginning"] = Field(
        "end", description="Where a new source begins: what was there before pays nothing, or all."
    )
    trust: Identity = Field(
        "platform",
        description="What a player's id must be worth: platform, client (the player's machine "
        "made it) or name.",
    )
    id_scope: str = Field(
        "", max_length=200, description="Sources with one scope mean the same by the same id."
    )
    token_file: Path | None = Field(
        None, description="File with a secret of its own, for http and, where it has one, udp."
    )
    allowed_senders: tuple[Annotated[str, AfterValidator(_network)], ...] = Field(
        (), description="Addresses or networks whose datagrams are read."
    )
    options: dict[str, Any] = Field({}, description="What its adapter can be told.")

    @property
    def by_http(self) -> bool:
        """Whether its messages are posted."""
        return self.http or (self.udp is None and self.file is None and self.state_files is None)

    @model_validator(mode="after")
    def _one_way(self) -> "SourceSettings":
        ways = [self.http, self.udp is not None, bool(self.file or self.state_files)]
        if sum(ways) > 1:
            raise ValueError("a source comes by one of http, udp and file; make it two sources")
        if self.udp is not None and self.token_file is None and not self.allowed_senders:
            raise ValueError(
                "anybody could send it datagrams that pay out money: set token_file, or "
                'allowed_senders = ["127.0.0.1"] where the engine knows no secret'
            )
        if self.allowed_senders and self.udp is None:
            raise ValueError("allowed_senders goes with udp")
        if self.token_file is not None and (self.file or self.state_files):
            raise ValueError("token_file goes with http and udp; a file has its permissions")
        return self
