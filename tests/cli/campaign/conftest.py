"""The program pointed at a host by options alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.campaigns.host import host_beside
from tests.cli.campaign.pointed import API_KEY, Pointed
from tests.cli.conftest import Cli


@pytest.fixture
def pointed(cli: Cli, tmp_path: Path) -> Iterator[Pointed]:
    key = tmp_path / "campaign-key"
    key.touch(mode=0o600)
    key.write_text(f"{API_KEY}\n")
    with host_beside() as host:
        yield Pointed(host, cli, key)
