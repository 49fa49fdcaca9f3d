"""All confirmers together: opened and closed as the settings say, and what lanes ask them."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bridge.campaigns.apis import Keyed
from bridge.delivery.confirm import Readable
from bridge.delivery.confirmers import Confirmers, reconcile_once
from bridge.events import State
from bridge.outbox.store import SqliteOutbox
from bridge.settings.models import ConfirmSettings, Settings
from tests.campaigns.host import CAMPAIGN, Host, campaign, refuses
from tests.delivery.confirming import (
    DETAILS,
    HOUR,
    Rig,
    brief,
    campaign_with,
    history_of,
    quiet_host,
    rig_in,
    row,
    rows,
)
from tests.delivery.rig import API_KEY, campaign_at
from tests.support.road import until

OTHER = "camp_2"


@pytest.fixture
def host() -> Iterator[Host]:
    with quiet_host() as made:
        made.on(f"GET /campaign/{OTHER}", campaign(totalAmountPaidOut=0))
        yield made


@pytest.fixture
async def rig(host: Host, tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig_in(tmp_path, host) as made:
        other = Keyed(campaign_at(host.url, OTHER), API_KEY)
        await made.apis.replace([Keyed(campaign_with(host), API_KEY), other])
        yield made


@pytest.fixture
async def confirmers(rig: Rig) -> AsyncIterator[Confirmers]:
    async with Confirmers(rig.outbox, rig.apis, brief(), rig.clock) as made:
        yield made


async def compared(confirmers: Confirmers, name: str = CAMPAIGN) -> None:
    async def there() -> bool:
        return confirmers.compared(name)

    await until(there)


async def test_each_campaign_has_one_and_each_is_compared_for_itself(
    rig: Rig, host: Host, confirmers: Confirmers
) -> None:
    host.on(f"GET /campaign/{OTHER}", refuses(500))
    await confirmers.replace([campaign_with(host), campaign_at(host.url, OTHER)], brief())
    before = confirmers.compared(CAMPAIGN)
    await compared(confirmers)
    await rig.until_called(f"GET /campaign/{OTHER}", 1)

    assert not before
    assert not confirmers.compared(OTHER)
    assert not confirmers.compared("camp_3")
    assert [status.campaign for status in confirmers.statuses()] == [CAMPAIGN, OTHER]


async def test_new_settings_begin_anew(rig: Rig, host: Host, confirmers: Confirmers) -> None:
    """What is sent by new settings waits for its total to be compared once more."""
    await confirmers.replace([campaign_with(host)], brief())
    await compared(confirmers)
    host.on(DETAILS, refuses(500))

    await confirmers.replace([campaign_with(host, history=False)], brief())

    assert not confirmers.compared(CAMPAIGN)
    assert [status.history for status in confirmers.statuses()] == [Readable.OFF]


async def test_a_campaign_that_left_the_settings_is_asked_no_more(
    rig: Rig, host: Host, confirmers: Confirmers
) -> None:
    await confirmers.replace([campaign_with(host)], brief(balance_every="5ms"))
    await rig.until_called(DETAILS, 3)

    await confirmers.replace([campaign_at(host.url, OTHER)], brief(balance_every="5ms"))
    calls = len(rig.called(DETAILS))
    await rig.until_called(f"GET /campaign/{OTHER}", 5)

    assert len(rig.called(DETAILS)) == calls
    assert not confirmers.compared(CAMPAIGN)


async def test_a_campaign_whose_calls_are_not_open_is_left_out(
    host: Host, confirmers: Confirmers
) -> None:
    await confirmers.replace([campaign_at(host.url, "camp_3")], brief())

    assert confirmers.statuses() == []


async def test_when_all_is_left_nobody_asks_any_more(rig: Rig, host: Host) -> None:
    async with Confirmers(rig.outbox, rig.apis, brief(), rig.clock) as made:
        await made.replace([campaign_with(host)], brief(balance_every="5ms"))
        await rig.until_called(DETAILS, 3)
    calls = len(rig.called(DETAILS))
    await rig.accepted()
    rig.clock.advance(HOUR)
    reports = await made.reconcile(None)

    assert (reports, made.statuses()) == ([], [])
    assert len(rig.called(DETAILS)) == calls
    assert not made.died.done()


class Broken:
    """An outbox with a fault of ours in it; everything else is the outbox's."""

    def __init__(self, outbox: SqliteOutbox) -> None:
        self._outbox = outbox

    def __getattr__(self, name: str) -> object:
        return getattr(self._outbox, name)

    async def take_histories(self, _: object, __: object) -> None:
        raise ZeroDivisionError("a bug")


async def test_one_that_dies_is_told(rig: Rig, host: Host) -> None:
    """The daemon ends with it, and is started again."""
    await rig.accepted()
    broken = Broken(rig.outbox)
    async with Confirmers(broken, rig.apis, brief(), rig.clock) as made:  # type: ignore[arg-type]  # by __getattr__
        await made.replace([campaign_with(host)], brief())
        await until_dead(rig, made)

        with pytest.raises(ZeroDivisionError):
            made.died.result()


async def until_dead(rig: Rig, confirmers: Confirmers) -> None:
    async def there() -> bool:
        rig.clock.advance(0.05)
        return confirmers.died.done()

    await until(there)


# -- reconciling ----------------------------------------------------------------------------


async def test_one_campaign_is_reconciled_or_all(
    rig: Rig, host: Host, confirmers: Confirmers
) -> None:
    await rig.accepted()
    host.on(history_of("usr_1"), rows(row("tx_1")))
    chosen = [campaign_with(host, history=False), campaign_at(host.url, OTHER)]
    await confirmers.replace(chosen, brief())

    one = await confirmers.reconcile(CAMPAIGN)
    every = await confirmers.reconcile(None)
    none = await confirmers.reconcile("camp_3")

    assert [(report.campaign, report.confirmed) for report in one] == [(CAMPAIGN, 1)]
    assert [report.campaign for report in every] == [CAMPAIGN, OTHER]
    assert none == []


async def test_without_a_daemon_the_same_is_said(rig: Rig, host: Host) -> None:
    await rig.accepted(1, 2)
    host.on(history_of("usr_1"), rows(row("tx_1")))
    keyed = [
        Keyed(campaign_with(host), API_KEY),
        Keyed(campaign_at(host.url, OTHER), API_KEY),
    ]
    settings = Settings.model_construct(
        confirm=ConfirmSettings(), delivery=rig.apis._delivery, campaigns=()
    )

    one = await reconcile_once(keyed, rig.outbox, settings, rig.clock, CAMPAIGN)
    every = await reconcile_once(keyed, rig.outbox, settings, rig.clock, None)

    assert [(each.campaign, each.confirmed, each.waiting) for each in one] == [(CAMPAIGN, 1, 1)]
    assert [each.campaign for each in every] == [CAMPAIGN, OTHER]
    assert await rig.states() == [State.CONFIRMED, State.ACCEPTED]
    assert rig.changes() == []
