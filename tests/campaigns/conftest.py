"""The far ends that tests of the client call."""

from collections.abc import AsyncIterator, Iterator

import pytest

from bridge.campaigns.api import CampaignApi, campaign_api
from tests.campaigns.host import CAMPAIGN, Host, host_beside
from tests.delivery.far import Far, far_end
from tests.delivery.rig import API_KEY, quick


@pytest.fixture
async def there() -> AsyncIterator[Far]:
    async with far_end() as made:
        yield made


@pytest.fixture
def host() -> Iterator[Host]:
    with host_beside() as made:
        yield made


@pytest.fixture
async def api(host: Host) -> AsyncIterator[CampaignApi]:
    async with campaign_api(host.url, CAMPAIGN, API_KEY, quick(attempt_timeout=0.5)) as made:
        yield made
