"""Settings read and found good, with all that they name, before anything is put in force.

In: the configuration, sockets that are held, what the outbox remembers. Out: `Found`, or the reason
why it can't be used. Changes nothing, so a bad file changes nothing.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from bridge.campaigns.apis import Keyed
from bridge.daemon.sockets import Held
from bridge.daemon.sources import check_sources
from bridge.gate.guard import Gate
from bridge.outbox.remembering import Following, Remembering
from bridge.outbox.views import LaneTerms
from bridge.record import record
from bridge.rules.book import Rule, RuleBook
from bridge.rules.history import Remembered, check_change
from bridge.settings.files import load_settings, read_secret
from bridge.settings.models import CampaignSettings, Settings


@record
class Found:
    """Settings and what they name: rules, tokens, keys, secrets."""

    settings: Settings
    book: RuleBook
    gate: Gate
    keyed: Sequence[Keyed]
    secrets: dict[str, list[str]]

    async def check(self, outbox: "Memory") -> None:
        """See that no feat could be paid again.

        Raises:
            RulesChanged, SettingsError: one could.
        """
        check_change(await _remembered(outbox), self.book.rules)
        known = {old.name: (old.id_scope, old.used) for old in await outbox.remembered_sources()}
        check_sources(known, self.settings.sources)

    async def adopt(self, outbox: "Memory") -> None:
        """Let the outbox remember them, all or nothing."""
        before = [old.rule for old in await _remembered(outbox)]
        rules = list(self.book.rules)
        await outbox.adopt_settings(
            None if before == rules else [rule.definition for rule in rules],
            {source.name: source.id_scope for source in self.settings.sources},
            lane_terms(self.settings),
        )


class Memory(Following, Remembering, Protocol):
    """What an outbox remembers of settings."""


def find(config: Path, held: Held) -> Found:
    """Read the configuration and everything that it names.

    Raises:
        SettingsError: it can't be used; the message says where and why.
    """
    return read(held.over(load_settings(config)))


def read(settings: Settings) -> Found:
    """Read everything that `settings` name; raises as `find` does."""
    return Found(
        settings,
        RuleBook.from_settings(settings.rules, settings.campaigns),
        Gate.load(settings.http, settings.tokens, settings.udp, settings.sources),
        with_keys(settings.campaigns),
        _webhook_secrets(settings.campaigns),
    )


async def _remembered(outbox: Remembering) -> list[Remembered]:
    return [
        Remembered(Rule.from_definition(rule.definition), rule.used)
        for rule in await outbox.remembered_rules()
    ]


def with_keys(campaigns: Sequence[CampaignSettings]) -> list[Keyed]:
    """Return the campaigns with their keys; raises `SettingsError` where one can't be read."""
    return [
        Keyed(campaign, read_secret(campaign.api_key_file, f"API key of campaign {campaign.id},"))
        for campaign in campaigns
    ]


def _webhook_secrets(campaigns: Sequence[CampaignSettings]) -> dict[str, list[str]]:
    return {
        campaign.id: [
            read_secret(path, f"webhook secret of campaign {campaign.id},")
            for path in campaign.webhook_secret_files
        ]
        for campaign in campaigns
        if campaign.webhook_secret_files
    }


def lane_terms(settings: Settings) -> list[LaneTerms]:
    """Return what the settings say to the outbox of each campaign."""
    first_look = settings.confirm.looks[0].total_seconds()
    return [
        LaneTerms(
            campaign.id, campaign.shadow, campaign.history, first_look, campaign.players_per_user
        )
        for campaign in settings.campaigns
    ]
