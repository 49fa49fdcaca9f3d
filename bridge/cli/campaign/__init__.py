"""`campaign-bridge campaign`: every call of the Campaigns API, against any host.

In: a campaign of the configuration, or one that is wholly given by options. Out: what the API
says, as text or JSON. Needs neither daemon nor outbox.
"""

from bridge.cli.campaign.command import command

__all__ = ["command"]
