"""The far end that tests of the client call."""

from collections.abc import AsyncIterator

import pytest

from tests.delivery.far import Far, far_end


@pytest.fixture
async def there() -> AsyncIterator[Far]:
    async with far_end() as made:
        yield made
