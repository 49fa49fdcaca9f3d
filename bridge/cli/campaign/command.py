"""The group of commands, one line each."""

import click

from bridge.cli.campaign.invites import invites
from bridge.cli.campaign.links import link, unlink
from bridge.cli.campaign.lists import history, users
from bridge.cli.campaign.looks import events, show, user
from bridge.cli.campaign.orders import start, stop, withdraw
from bridge.cli.campaign.pausing import pause, resume


@click.group("campaign")
def command() -> None:
    """Look at a campaign, start and stop it, and manage who takes part.

    Which campaign: one of the configuration (--campaign, where there are several), or any other
    by --campaign, --base-url and --api-key-file together, without any configuration.
    """


_COMMANDS = (show, events, start, stop, withdraw, pause, resume, users, user, history, invites)
for each in (*_COMMANDS, link, unlink):
    command.add_command(each)
