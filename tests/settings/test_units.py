"""What belongs to one configuration is found by its path, as the units name it."""

from pathlib import Path

import pytest

from bridge.settings.files import runtime_dirs
from bridge.settings.units import as_service, instance_of, runtime_of, unit_of, units_of

PLAIN = Path("/etc/campaign-bridge/config.toml")
EU = Path("/etc/campaign-bridge/eu/config.toml")


@pytest.mark.parametrize(
    "path",
    [PLAIN, "/home/a/campaign-bridge/eu/config.toml", "/etc/campaign-bridge/eu/other.toml", "x"],
)
def test_what_is_no_instances_is_the_plain_units(path: str) -> None:
    assert instance_of(Path(path)) == ""
    assert unit_of(Path(path)) == "campaign-bridge"
    assert runtime_of(Path(path)) == Path("/run/campaign-bridge")


def test_an_instance_has_everything_under_its_name() -> None:
    assert units_of(EU) == "campaign-bridge@eu.socket campaign-bridge@eu.service"
    assert runtime_of(EU) == Path("/run/campaign-bridge-eu")
    assert as_service(EU, "outbox", "list") == (
        "campaign-bridge-as-service --instance eu outbox list"
    )
    assert as_service(PLAIN, "status") == "campaign-bridge-as-service status"


def test_an_instances_daemon_is_never_looked_for_where_the_plain_one_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)

    assert Path("/run/campaign-bridge-eu") in runtime_dirs(EU)
    assert Path("/run/campaign-bridge") not in runtime_dirs(EU)
