"""When a line was written: known only where its day is."""

from datetime import UTC, datetime

from bridge_adapter_minecraft.adapter import MinecraftAdapter
from bridge_adapter_minecraft.memory import MinecraftMemory
from bridge_adapter_minecraft.options import MinecraftOptions

from bridge import RawMessage

NOW = datetime(2030, 1, 1, tzinfo=UTC)
ALICE = "11111111-2222-4333-8444-555555555555"
BERLIN = "Europe/Berlin"


def times(*clocks: str, **options: object) -> list[str | None]:
    adapter = MinecraftAdapter(MinecraftOptions.model_validate(options))
    memory = MinecraftMemory(online={"Alice": ALICE})
    told = []
    for clock in clocks:
        line = f"[{clock}] [Server thread/INFO]: Alice has made the advancement [Stone Age]"
        (event,) = adapter.translate_with(RawMessage("mc", line.encode(), NOW), memory)
        told.append(event.occurred_at and f"{event.occurred_at.astimezone(UTC):%d %H:%M:%S}")
    return told


def test_without_a_day_nothing_is_guessed() -> None:
    assert times("18:00:00", timezone=BERLIN) == [None]


def test_a_log_whose_day_is_known_has_times() -> None:
    assert times("18:00:07", timezone=BERLIN, day="2026-11-28") == ["28 17:00:07"]


def test_past_midnight_comes_the_next_day() -> None:
    assert times("23:59:59", "00:00:01", "18:00:00", timezone="UTC", day="2026-11-28") == [
        "28 23:59:59",
        "29 00:00:01",
        "29 18:00:00",
    ]


def test_threads_that_write_out_of_order_change_no_day() -> None:
    assert times("12:00:01", "12:00:00", timezone="UTC", day="2026-11-28") == [
        "28 12:00:01",
        "28 12:00:00",
    ]


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    clocks = ("02:10:00", "02:50:00", "02:10:00", "02:50:00", "03:10:00")

    assert times(*clocks, timezone=BERLIN, day="2026-10-25") == [
        "25 00:10:00",
        "25 00:50:00",
        "25 01:10:00",
        "25 01:50:00",
        "25 02:10:00",
    ]


def test_a_line_that_names_its_day_has_a_time() -> None:
    assert times("28Nov2026 18:00:07.250", timezone=BERLIN) == ["28 17:00:07"]
    assert times("28Nov2026 18:00:07.250") == [None]


def test_a_month_in_another_language_or_a_day_that_is_none_is_not_guessed() -> None:
    clocks = ("28nov.2026 18:00:07.250", "28Dez.2026 18:00:07.250", "31Feb2026 18:00:07.250")

    assert times(*clocks, timezone=BERLIN) == [None, None, None]


def test_the_last_day_of_all_is_no_stumbling_stone() -> None:
    clocks = ("23:59:59", "00:00:00") * 500

    assert len(times(*clocks, timezone="UTC", day="2999-01-01")) == 1000
