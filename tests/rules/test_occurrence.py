"""What tells one feat from the next, for every repeat, in every timezone."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.adapters.builtin import JsonAdapter
from bridge.errors import MessageRejected
from bridge.events import GameEvent, RawMessage
from bridge.rules.occurrence import NEWEST, OLDEST, Circumstances, Repeat, occurrence

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PERIODS = (Repeat.DAILY, Repeat.WEEKLY)


def event(id_: str | None = None, occurred_at: datetime | None = None) -> GameEvent:
    return GameEvent("steam:76561197960265729", "first_blood", id_, occurred_at)


def of(
    repeat: Repeat,
    id_: str | None = None,
    occurred_at: datetime | None = None,
    *,
    received_at: datetime = NOON,
    position: str | None = None,
    id_scope: str = "",
    timezone: str = "UTC",
) -> str:
    around = Circumstances(received_at, position, id_scope)
    return occurrence(event(id_, occurred_at), around, repeat, timezone)


def refusal(repeat: Repeat, occurred_at: datetime | None = None, **around: str) -> str:
    """Return the pointer of the field that the event is refused for."""
    with pytest.raises(MessageRejected) as refused:
        of(repeat, None, occurred_at, **around)  # type: ignore[arg-type]  # texts only are given
    (field,) = refused.value.fields
    assert field.detail in str(refused.value)
    return field.pointer


# -- once, per id, always -------------------------------------------------------------------


@pytest.mark.parametrize("id_", [None, "42"])
@pytest.mark.parametrize("position", [None, "ab12"])
def test_once_is_once_whatever_else_is_said(id_: str | None, position: str | None) -> None:
    assert of(Repeat.ONCE, id_, NOON, position=position) == "once"


@pytest.mark.parametrize("repeat", [Repeat.PER_ID, Repeat.ALWAYS, Repeat.DEFAULT])
def test_an_id_tells_feats_apart(repeat: Repeat) -> None:
    assert of(repeat, "match-42/17") == 'id:["","match-42/17"]'
    assert of(repeat, "match-42/17", position="ab12") == 'id:["","match-42/17"]'


@pytest.mark.parametrize("repeat", [Repeat.PER_ID, Repeat.ALWAYS, Repeat.DEFAULT])
def test_a_scope_keeps_the_ids_of_two_servers_apart(repeat: Repeat) -> None:
    assert of(repeat, "42", id_scope="server-1") == 'id:["server-1","42"]'


def test_an_id_is_written_so_that_no_scope_can_pretend_to_be_part_of_it() -> None:
    one = of(Repeat.PER_ID, 'b"]', id_scope='a","')
    other = of(Repeat.PER_ID, '","b"]', id_scope="a")

    assert one != other


def test_an_id_is_kept_as_it_was_written() -> None:
    assert of(Repeat.PER_ID, " Zoë \\ ") == 'id:[""," Zoë \\\\ "]'
    assert of(Repeat.PER_ID, "") == 'id:["",""]'


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("17", "17"),
        ("17.0", "17"),
        ("1.7e1", "17"),
        ('"17"', "17"),
        ('"017"', "017"),
        ("-0.0", "0"),
    ],
)
def test_an_id_written_as_a_number_is_the_same_as_its_text(written: str, text: str) -> None:
    body = f'{{"player": "name:Alice", "achievement": "kill", "id": {written}}}'
    (said,) = JsonAdapter().translate(RawMessage("", body.encode(), NOON))

    assert of(Repeat.PER_ID, said.id) == f'id:["","{text}"]'


def test_by_default_an_event_without_an_id_is_once() -> None:
    assert of(Repeat.DEFAULT) == "once"


def test_always_takes_the_line_where_there_is_no_id() -> None:
    assert of(Repeat.ALWAYS, position="ab12") == "src:ab12"


def test_per_id_needs_an_id() -> None:
    assert refusal(Repeat.PER_ID) == "/id"
    assert refusal(Repeat.PER_ID, position="ab12") == "/id"


def test_always_needs_an_id_over_the_network() -> None:
    assert refusal(Repeat.ALWAYS) == "/id"


# -- days -----------------------------------------------------------------------------------


def test_a_day_is_that_of_the_event_not_of_its_receipt() -> None:
    received = datetime(2026, 11, 24, 0, 0, 1, tzinfo=UTC)
    late = datetime(2026, 11, 23, 23, 59, 59, 999999, tzinfo=UTC)

    assert of(Repeat.DAILY, None, late, received_at=received) == "day:2026-11-23"


def test_a_day_ignores_the_id() -> None:
    assert (
        of(Repeat.DAILY, "1", NOON) == of(Repeat.DAILY, "2", NOON) == of(Repeat.DAILY, None, NOON)
    )


def test_without_a_time_the_day_is_that_of_the_receipt() -> None:
    assert of(Repeat.DAILY, "42") == "day:2026-11-23"
    assert of(Repeat.DAILY, position="ab12") == "day:2026-11-23"


@pytest.mark.parametrize(
    ("timezone", "hour", "day"),
    [
        ("UTC", 23, "2026-11-23"),
        ("Europe/Berlin", 22, "2026-11-23"),
        ("Europe/Berlin", 23, "2026-11-24"),
        ("America/Los_Angeles", 7, "2026-11-22"),
        ("America/Los_Angeles", 8, "2026-11-23"),
        ("Asia/Kathmandu", 17, "2026-11-23"),
        ("Asia/Kathmandu", 18, "2026-11-24"),
        ("Pacific/Kiritimati", 10, "2026-11-24"),
        ("Pacific/Apia", 11, "2026-11-24"),
    ],
)
def test_a_day_ends_at_the_midnight_of_the_rules_timezone(
    timezone: str, hour: int, day: str
) -> None:
    at = datetime(2026, 11, 23, hour, 30, tzinfo=UTC)

    assert of(Repeat.DAILY, "1", received_at=at, timezone=timezone) == f"day:{day}"


@pytest.mark.parametrize(
    ("at", "day"),
    [
        # Clocks go forward on 2026-03-29 at 01:00 UTC, back on 2026-10-25 at 01:00 UTC.
        (datetime(2026, 3, 28, 22, 59, tzinfo=UTC), "2026-03-28"),
        (datetime(2026, 3, 28, 23, 0, tzinfo=UTC), "2026-03-29"),
        (datetime(2026, 3, 29, 21, 59, tzinfo=UTC), "2026-03-29"),
        (datetime(2026, 3, 29, 22, 0, tzinfo=UTC), "2026-03-30"),
        (datetime(2026, 10, 24, 22, 0, tzinfo=UTC), "2026-10-25"),
        (datetime(2026, 10, 25, 22, 59, tzinfo=UTC), "2026-10-25"),
        (datetime(2026, 10, 25, 23, 0, tzinfo=UTC), "2026-10-26"),
    ],
)
def test_a_day_on_which_clocks_change_is_23_or_25_hours_long(at: datetime, day: str) -> None:
    assert of(Repeat.DAILY, "1", received_at=at, timezone="Europe/Berlin") == f"day:{day}"


def test_the_offset_in_which_a_time_was_written_does_not_matter() -> None:
    tokyo = NOON.astimezone(timezone(timedelta(hours=9)))

    assert of(Repeat.DAILY, None, tokyo) == of(Repeat.DAILY, None, NOON)


# -- weeks ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "week"),
    [
        (datetime(2026, 11, 22, 23, 59, tzinfo=UTC), "2026-W47"),
        (datetime(2026, 11, 23, tzinfo=UTC), "2026-W48"),
        (datetime(2026, 12, 31, 12, tzinfo=UTC), "2026-W53"),
        (datetime(2027, 1, 1, 12, tzinfo=UTC), "2026-W53"),
        (datetime(2027, 1, 3, 23, 59, tzinfo=UTC), "2026-W53"),
        (datetime(2027, 1, 4, tzinfo=UTC), "2027-W01"),
        (datetime(2024, 12, 30, tzinfo=UTC), "2025-W01"),
    ],
)
def test_a_week_is_the_iso_week_with_its_own_year(at: datetime, week: str) -> None:
    assert of(Repeat.WEEKLY, "1", received_at=at) == f"week:{week}"


def test_a_week_ends_at_the_midnight_of_the_rules_timezone() -> None:
    sunday = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)

    assert of(Repeat.WEEKLY, "1", received_at=sunday) == "week:2026-W47"
    assert of(Repeat.WEEKLY, "1", received_at=sunday, timezone="Europe/Berlin") == "week:2026-W48"


# -- times that can't be believed -----------------------------------------------------------


@pytest.mark.parametrize("repeat", PERIODS)
def test_a_period_needs_something_by_which_a_resend_is_known(repeat: Repeat) -> None:
    assert refusal(repeat) == "/occurred_at"


@pytest.mark.parametrize("repeat", PERIODS)
@pytest.mark.parametrize("at", [NOON - OLDEST, NOON + NEWEST, NOON])
def test_a_time_within_seven_days_and_five_minutes_is_believed(
    repeat: Repeat, at: datetime
) -> None:
    assert of(repeat, None, at).startswith(("day:", "week:"))


@pytest.mark.parametrize("repeat", PERIODS)
@pytest.mark.parametrize(
    "at",
    [
        NOON - OLDEST - timedelta(microseconds=1),
        NOON + NEWEST + timedelta(microseconds=1),
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, tzinfo=UTC),
    ],
)
def test_a_time_further_away_is_refused_over_the_network(repeat: Repeat, at: datetime) -> None:
    assert refusal(repeat, at) == "/occurred_at"


@pytest.mark.parametrize("repeat", [Repeat.ONCE, Repeat.PER_ID, Repeat.ALWAYS, Repeat.DEFAULT])
def test_a_time_is_no_matter_where_no_period_counts(repeat: Repeat) -> None:
    of(repeat, "1", NOON - 10 * OLDEST)


def test_an_old_line_of_a_log_has_its_own_day() -> None:
    at = datetime(2019, 2, 28, 23, 30, tzinfo=UTC)

    assert of(Repeat.DAILY, None, at, position="ab12") == "day:2019-02-28"


@given(
    st.datetimes(timezones=st.just(UTC)),
    st.sampled_from(PERIODS),
    st.sampled_from(["UTC", "America/Los_Angeles", "Pacific/Kiritimati"]),
)
def test_whatever_time_a_log_line_carries_it_counts_or_is_refused(
    at: datetime, repeat: Repeat, timezone: str
) -> None:
    try:
        counted = of(repeat, None, at, position="ab12", timezone=timezone)
    except MessageRejected:
        counted = "refused"

    assert counted.startswith(("day:", "week:")) or at.year in {1, 9999}


@pytest.mark.parametrize(
    ("at", "timezone"),
    [
        (datetime.min.replace(tzinfo=UTC), "America/Los_Angeles"),
        (datetime.max.replace(tzinfo=UTC), "Pacific/Kiritimati"),
    ],
)
def test_a_time_at_the_end_of_the_calendar_is_refused(at: datetime, timezone: str) -> None:
    assert refusal(Repeat.DAILY, at, position="ab12", timezone=timezone) == "/occurred_at"
