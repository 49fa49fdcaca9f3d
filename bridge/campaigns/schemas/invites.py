"""Link invites. Every field is our reading: no document of Oncade's shows one.

In: JSON of /campaign/{id}/link-invites. Out: values, and the fields that are written.
"""

from dataclasses import fields
from datetime import UTC, datetime
from enum import Enum

from bridge.campaigns.schemas.documents import Document, count, needed, text, web_url
from bridge.record import record


@record
class Invite:
    """A shareable link by which players link themselves; None is "no limit" or "not told"."""

    id: str
    label: str
    url: str
    state: str
    max_uses: int | None
    uses: int | None
    expires_at: str
    created_at: str


class Keep(Enum):
    """Stands for a field that stays as it is: None takes a limit away."""

    IT = "it"


@record
class InviteChange:
    """What is written of an invite; what isn't named stays as it is."""

    label: str | Keep = Keep.IT
    max_uses: int | Keep | None = Keep.IT
    expires_at: datetime | Keep | None = Keep.IT

    @property
    def document(self) -> Document:
        """The fields as they are sent."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            _NAMES[name]: _written(value) for name, value in named.items() if value is not Keep.IT
        }


_NAMES = {"label": "label", "max_uses": "maxUses", "expires_at": "expiresAt"}


def _written(value: object) -> object:
    if not isinstance(value, datetime):
        return value
    moment = value.astimezone(UTC).isoformat(timespec="milliseconds")
    return moment.replace("+00:00", "Z")


def invite_of(row: Document, base_url: str) -> Invite:
    """Read one invite. A URL that isn't of the web is left out: it would be shared.

    Raises:
        CampaignError: it has no id.
    """
    return Invite(
        needed(row, "id"),
        text(row.get("label")),
        web_url(row.get("url"), base_url) or "",
        text(row.get("state")),
        count(row.get("maxUses")),
        count(row.get("uses")),
        text(row.get("expiresAt")),
        text(row.get("createdAt")),
    )
