"""Local times become UTC, also in the hour that comes twice."""

from datetime import UTC, datetime

import pytest
from bridge_adapter_source import SPEC
from pydantic import ValidationError

from bridge import RawMessage

WIN = '"Ada<2><[U:1:1001]><CT>" triggered "achievement_win"'


def moments(reader, *clock: str) -> list[str]:
    events = [event for at in clock for event in reader.line(WIN, f"10/25/2026 - {at}")]
    return [event.occurred_at.astimezone(UTC).strftime("%H:%M:%S") for event in events]


def test_the_zone_is_utc_unless_the_settings_say(reader) -> None:
    (event,) = reader.line(WIN, "11/23/2026 - 18:00:00.250")

    assert event.occurred_at == datetime(2026, 11, 23, 18, 0, 0, 250_000, tzinfo=UTC)


def test_local_time_becomes_utc(reader_with) -> None:
    (event,) = reader_with(timezone="Asia/Shanghai").line(WIN, "11/23/2026 - 06:00:00")

    assert event.occurred_at == datetime(2026, 11, 22, 22, 0, tzinfo=UTC)


def test_the_second_pass_of_an_hour_is_an_hour_later(reader_with) -> None:
    reader = reader_with(timezone="Europe/Berlin")

    first = moments(reader, "01:59:59", "02:00:00", "02:59:59")
    second = moments(reader, "02:00:00", "02:59:59", "03:00:00")

    assert first == ["23:59:59", "00:00:00", "00:59:59"]
    assert second == ["01:00:00", "01:59:59", "02:00:00"]


def test_a_clock_set_back_by_seconds_is_not_the_second_pass(reader_with) -> None:
    reader = reader_with(timezone="Europe/Berlin")

    assert moments(reader, "02:30:05", "02:30:02") == ["00:30:05", "00:30:02"]


def test_idle_lines_show_the_second_pass_too(reader_with) -> None:
    reader = reader_with(timezone="Europe/Berlin")
    reader.line('World triggered "Round_Start"', "10/25/2026 - 02:50:00")

    assert moments(reader, "02:10:00") == ["01:10:00"]


def test_over_the_network_the_pass_is_that_of_the_receipt(reader_with) -> None:
    reader = reader_with(timezone="Europe/Berlin")
    body = f"L 10/25/2026 - 02:10:00: {WIN}".encode()
    received = datetime(2026, 10, 25, 1, 10, 1, tzinfo=UTC)
    (event,) = reader.take(RawMessage("fps", body, received, "192.0.2.1:27015"))

    assert event.occurred_at == datetime(2026, 10, 25, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "at",
    [
        "13/23/2026 - 18:00:00", "02/30/2026 - 18:00:00", "11/23/0000 - 18:00:00",
        "11/23/2026 - 24:00:00", "11/23/2026 - 18:00", "\u0661\u0661/23/2026 - 18:00:00", "",
    ],
)  # fmt: skip
def test_a_line_without_a_time_that_exists_is_no_line(reader, at: str) -> None:
    assert reader.line(WIN, at) == []


@pytest.mark.parametrize("at", ["01/01/0001 - 00:00:00", "12/31/9999 - 23:59:59"])
@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York"])
def test_the_ends_of_time_harm_nobody(reader_with, at: str, zone: str) -> None:
    assert len(reader_with(timezone=zone).line(WIN, at)) <= 1


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "/etc/localtime"])
def test_a_zone_that_does_not_exist_is_refused(zone: str) -> None:
    with pytest.raises(ValidationError, match="is no timezone"):
        SPEC.options.model_validate({"timezone": zone})
