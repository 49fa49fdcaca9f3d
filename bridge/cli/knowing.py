"""Whether the API knows a userRef: asked beside what a command does, never in its way.

In: the settings, a userRef. Out: a word where the API itself says that it doesn't know it, or
where nobody could ask for want of the key.
"""

import asyncio
from typing import Final

from bridge.campaigns.api import campaign_api
from bridge.campaigns.failures import CallFailed
from bridge.errors import BridgeError, SettingsError
from bridge.settings.files import read_secret
from bridge.settings.models import Settings

#: Seconds that the API has to answer.
_PATIENCE: Final = 3.0


async def doubt_of(settings: Settings | None, campaign: str | None, user_ref: str) -> str:
    """Ask the campaign for a user, with a call that only reads; "" where all seems well.

    An API that is away says nothing. A key that this user can't read, such as a credential of the
    service, is told, since nobody would otherwise know that a slip goes unseen.
    """
    if settings is None:
        return ""
    try:
        async with asyncio.timeout(_PATIENCE):
            await _ask(settings, campaign, user_ref)
    except CallFailed as failure:
        unknown = failure.status == 404 and bool(failure.words)
        slip = f"the API does not know {user_ref}; if that is a slip, link the player again"
        return slip if unknown else ""
    except SettingsError as keyless:
        return f"whether the API knows {user_ref} was not asked: {keyless}. {keyless.hint}"
    except (BridgeError, TimeoutError, OSError):
        return ""
    return ""


async def _ask(settings: Settings, campaign: str | None, user_ref: str) -> None:
    for known in settings.campaigns:
        if campaign in {None, known.id}:
            key = read_secret(known.api_key_file, "API key file")
            async with campaign_api(known.base_url, known.id, key, settings.delivery) as api:
                await api.users.standing(user_ref)
