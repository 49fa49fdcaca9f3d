"""Every configured campaign is called with its own key, opened and closed as the settings say."""

from collections.abc import AsyncIterator

import pytest

from bridge.campaigns.api import CampaignApi
from bridge.campaigns.apis import Apis, Keyed
from bridge.errors import CampaignError
from tests.campaigns.host import Host, campaign, host_beside
from tests.delivery.rig import API_KEY, campaign_at, quick

OTHER = "camp_2"


@pytest.fixture
async def apis(host: Host) -> AsyncIterator[Apis]:
    for name in ("camp_1", OTHER):
        host.on(f"GET /campaign/{name}", campaign())
    async with Apis(quick(attempt_timeout=0.5)) as made:
        yield made


def keyed(host: Host, name: str = "camp_1", api_key: str = API_KEY) -> Keyed:
    return Keyed(campaign_at(host.url, name), api_key)


def opened(apis: Apis, name: str = "camp_1") -> CampaignApi:
    api = apis.get(name)
    assert api is not None
    return api


async def test_at_first_there_is_none(apis: Apis) -> None:
    assert apis.get("camp_1") is None


async def test_each_campaign_is_called_with_its_own_key(apis: Apis, host: Host) -> None:
    await apis.replace([keyed(host), keyed(host, OTHER, "another_key")])

    await opened(apis).details.standing()
    await opened(apis, OTHER).details.standing()

    shown = [
        (call.line, call.headers["Authorization"], call.headers["X-Campaign-Id"])
        for call in host.calls
    ]
    assert shown == [
        ("GET /api/v1/campaign/camp_1", f"Bearer {API_KEY}", "camp_1"),
        ("GET /api/v1/campaign/camp_2", "Bearer another_key", OTHER),
    ]


async def test_what_did_not_change_stays_open(apis: Apis, host: Host) -> None:
    await apis.replace([keyed(host)])
    before = opened(apis)

    await apis.replace([keyed(host), keyed(host, OTHER)])

    assert opened(apis) is before
    await before.details.standing()


async def test_another_key_takes_the_place_of_the_old_one(apis: Apis, host: Host) -> None:
    await apis.replace([keyed(host)])
    before = opened(apis)

    await apis.replace([keyed(host, api_key="rotated_key")])
    await opened(apis).details.standing()

    assert opened(apis) is not before
    assert [call.headers["Authorization"] for call in host.calls] == ["Bearer rotated_key"]


async def test_another_address_takes_the_place_of_the_old_one(apis: Apis, host: Host) -> None:
    await apis.replace([keyed(host)])
    with host_beside() as elsewhere:
        elsewhere.on("GET /campaign/camp_1", campaign())
        await apis.replace([keyed(elsewhere)])
        await opened(apis).details.standing()

        assert (len(host.calls), len(elsewhere.calls)) == (0, 1)


async def test_a_campaign_that_left_the_settings_is_closed(apis: Apis, host: Host) -> None:
    await apis.replace([keyed(host), keyed(host, OTHER)])
    gone = opened(apis)

    await apis.replace([keyed(host, OTHER)])
    with pytest.raises((CampaignError, RuntimeError)):
        await gone.details.standing()

    assert apis.get("camp_1") is None
    assert host.calls == []
    await opened(apis, OTHER).details.standing()


async def test_when_all_is_left_all_is_closed(host: Host) -> None:
    async with Apis(quick()) as apis:
        await apis.replace([keyed(host), keyed(host, OTHER)])
        left = [opened(apis), opened(apis, OTHER)]

    assert [apis.get("camp_1"), apis.get(OTHER)] == [None, None]
    for api in left:
        with pytest.raises((CampaignError, RuntimeError)):
            await api.details.standing()
