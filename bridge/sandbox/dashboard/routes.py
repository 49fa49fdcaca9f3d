"""How a campaign's pages are addressed.

In: requests. Out: what their paths name. Knows nothing of whether it is there.
"""

from typing import Final

from aiohttp import web

from bridge.sandbox.hosted.failures import DASHBOARD

#: The path of a campaign's page; ids that stand in no path are unknown ids.
CAMPAIGN: Final = f"{DASHBOARD}/{{campaign_id:[A-Za-z0-9._-]{{1,100}}}}"


def campaign_of(request: web.Request) -> str:
    """Return the campaign's id."""
    return request.match_info["campaign_id"]
