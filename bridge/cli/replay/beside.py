"""What reads messages again beside the daemon: on an outbox of one's own, or on a copy of it.

In: the configuration. Out: `Replays` over an outbox.
"""

from bridge.adapters.builtin import JsonAdapter
from bridge.cli.adapters import registry
from bridge.daemon import SystemClock
from bridge.daemon.replaying import Replays
from bridge.outbox.contract import Outbox
from bridge.pipeline import Pipeline, Speaker
from bridge.rules.book import RuleBook
from bridge.settings.models import Settings


def replays_on(outbox: Outbox, settings: Settings) -> Replays:
    """Return what reads messages again into `outbox`, by the rules of the settings.

    Raises:
        SettingsError: the settings have no campaign.
    """
    clock = SystemClock()
    book = RuleBook.from_settings(settings.rules, settings.campaigns)
    pipeline = Pipeline(Speaker("json", JsonAdapter()), book, outbox, settings.brakes)
    found = registry(settings.adapters.plugins_dir)
    return Replays(settings.sources, found, pipeline, outbox, clock)
