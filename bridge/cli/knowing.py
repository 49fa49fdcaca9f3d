"""Whether the API knows a userRef: asked beside what a command does, never in its way.

In: the settings, a userRef. Out: True only where the API itself says that it doesn't know it.
"""

import asyncio
from typing import Final

from bridge.campaigns.api import campaign_api
from bridge.campaigns.failures import CallFailed
from bridge.errors import BridgeError
from bridge.settings.files import read_secret
from bridge.settings.models import Settings

#: Seconds that the API has to answer.
_PATIENCE: Final = 3.0


async def is_unknown(settings: Settings | None, campaign: str | None, user_ref: str) -> bool:
    """Ask the campaign for a user, with a call that only reads; False where nobody can tell."""
    if settings is None:
        return False
    try:
        async with asyncio.timeout(_PATIENCE):
            await _ask(settings, campaign, user_ref)
    except CallFailed as failure:
        return failure.status == 404 and bool(failure.words)
    except (BridgeError, TimeoutError, OSError):
        return False
    return False


async def _ask(settings: Settings, campaign: str | None, user_ref: str) -> None:
    for known in settings.campaigns:
        if campaign in {None, known.id}:
            key = read_secret(known.api_key_file, "API key file")
            async with campaign_api(known.base_url, known.id, key, settings.delivery) as api:
                await api.users.standing(user_ref)
